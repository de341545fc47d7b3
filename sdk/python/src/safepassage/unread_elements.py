"""A header field of answers with a record that a node of a later version sent: the elements that this node does not know, or not wholly."""

from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import Field, TypeAdapter

from safepassage.wire_policy import ElementId

FIELD: Final = "safepassage-unread-elements"
"""Ids of elements, separated by a comma and a blank; the field is not there where all was read."""
_ELEMENTS: Final = TypeAdapter(Annotated[tuple[ElementId, ...], Field(max_length=200)])


def said(elements: Iterable[str]) -> str:
    """The field's value."""
    return ", ".join(elements)


def named_in(value: str | None) -> tuple[str, ...]:
    """The elements that a value names; none where there is no field. Raises ValueError where they are no ids of elements."""
    return () if value is None else _ELEMENTS.validate_python(tuple(one.strip() for one in value.split(",")))

"""Codes and organisations of an upload: few, each many times, so each is made once. What is not valid stays as it is, for whoever validates
the whole of which it is a part.
"""

from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from safepassage.record import Coded, OrganisationReference

Code = Coded | dict[str, str]
"""A code; its members where they are not valid."""

Reference = OrganisationReference | dict[str, Any]
"""How a record names an organisation; the members of it where they are not valid."""


@lru_cache(maxsize=4096)
def code_of(system: str, code: str) -> Code:
    """The code of a system."""
    members = {"system": system, "code": code}
    try:
        return Coded(**members)
    except ValidationError:
        return members


def system_and_code(code: Code) -> tuple[str, str]:
    """What a code says."""
    return (code.system, code.code) if isinstance(code, Coded) else (code["system"], code["code"])


def reference_of(members: dict[str, Any]) -> Reference:
    """An organisation, to be kept by whoever has to name it again."""
    try:
        return OrganisationReference(**members)
    except ValidationError:
        return members

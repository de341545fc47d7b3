"""A match as the person who decides it sees it: the child asked for and each candidate side by side, and what differs."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from safepassage.record.loads import MatchReview
from safepassage.wire import Wire

MatchField = Literal[
    "given-name", "middle-name", "surname", "suffix", "other-names", "birth-date", "multiple-birth", "sex", "state-id",
    "school", "district", "guardian-surname",
]  # fmt: skip

Values = Annotated[tuple[Annotated[str, Field(max_length=400)], ...], Field(max_length=200)]


class MatchCell(Wire):
    """What one candidate's record says."""

    values: Values
    """As written; empty: it says nothing."""
    compared: Literal["same", "differs", "unknown"]
    """With the child asked for, or of two records with the first, by the forms that matching compares. unknown: one says nothing."""


class MatchRow(Wire):
    """One thing that is said of a child."""

    field: MatchField
    sought: Values
    """Of the child asked for, as the request says; empty where two records are compared."""
    candidates: tuple[MatchCell, ...]
    """In the order of the case's candidates."""


class MatchCase(Wire):
    """`GET /v1/matches/{id}`."""

    review: MatchReview
    candidates: tuple[UUID, ...]
    """Their ids, in the order of the cells."""
    is_sought_known: bool
    """Whether the request still says who is asked for."""
    rows: tuple[MatchRow, ...]

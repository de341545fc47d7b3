"""When a rule speaks. An agency sets these; the defaults err towards telling. Pure.

No standard says how many students are too many. Where one names a number it is cited; the others are this project's.
"""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Weekday = Annotated[int, Field(ge=0, le=6)]


class Thresholds(BaseModel):
    """The setting `alert_thresholds`: a JSON object with those members that are to differ."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bulk_students: Annotated[int, Field(ge=1, description="Students read in a day below which nothing is bulk.")] = 200
    bulk_factor: Annotated[
        float, Field(ge=1, description="Bulk is more than so many times what is usual for whoever reads, by the 28 days before.")
    ] = 3.0
    denials: Annotated[int, Field(ge=2, description="Denials one after another, after which a permission is told.")] = 10
    absences: Annotated[
        int, Field(ge=2, description="Look-ups of a day that found nobody, from which on they are told if they are most of all.")
    ] = 25
    findings: Annotated[
        int, Field(ge=2, description="Of one other node, questions of a day whether a child may be here that found nobody.")
    ] = 200
    dormant_days: Annotated[
        int, Field(ge=28, description="Days without use after which a credential is dormant (CIS Controls v8.1, safeguard 5.3).")
    ] = 45
    opens: Annotated[int, Field(ge=0, le=23, description="First hour of the working day, in the state agency's time zone.")] = 6
    closes: Annotated[int, Field(ge=1, le=24, description="First hour after the working day.")] = 19
    working_days: Annotated[frozenset[Weekday], Field(description="Days of the week on which one works, Monday 0.")] = frozenset(range(5))
    silence_hours: Annotated[
        int, Field(ge=1, description="Hours without an entry of another service, while the node runs, that are told; more than a weekend.")
    ] = 72
    index_lag_seconds: Annotated[int, Field(ge=5, description="How far behind the log the index may be (the aim is 2 seconds).")] = 300
    clock_skew_seconds: Annotated[
        int, Field(ge=1, description="How far the log may be ahead of the clock, and how far the clock may jump (CIS safeguard 8.4).")
    ] = 60
    unwitnessed_minutes: Annotated[int, Field(ge=1, description="How long a checkpoint may wait for the quorum of witnesses.")] = 60

    def __str__(self) -> str:
        """What differs from the defaults, as the setting takes it."""
        return self.model_dump_json(exclude_defaults=True)

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("closes: after opens")
        return self

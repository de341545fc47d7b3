"""What a school must know of the student's health."""

from datetime import date
from typing import Annotated, Literal

from pydantic import StringConstraints

from safepassage.record.codes import Coded, Long, Section, Some, ceds, ceds_id
from safepassage.wire import Name, Text, Wire


class Dose(Wire):
    """One immunisation given."""

    vaccine: Annotated[Coded, ceds_id("001248")]
    cvx: Annotated[str, StringConstraints(pattern=r"^[0-9]{2,3}$")] | None = None
    """The CDC's code of the vaccine administered, where the source has it."""
    given_on: date | None = ceds("000306")


class Exemption(Wire):
    """Why one is not required."""

    kind: Literal["medical", "non-medical"]
    vaccine: Coded | None = None
    """None: all of them."""
    reason: Text | None = None
    granted_on: date | None = None


class Immunizations(Wire):
    """Doses and exemptions."""

    doses: Some[Dose] | None = ceds("001248")
    exemptions: Some[Exemption] | None = None
    as_of: date | None = None


class HealthAlert(Wire):
    """A condition that staff must act on."""

    condition: Annotated[Coded, ceds_id("000439")]
    name: Name
    severity: Coded | None = ceds("001282")
    instructions: Long | None = None


class Health(Section):
    """Section `health`."""

    immunizations: Immunizations | None = ceds("001248")
    alerts: Some[HealthAlert] | None = ceds("000439")

"""An agreement as privacy tells the gateway of it."""

from datetime import date
from typing import Any
from uuid import UUID

from shared.contracts.privacy import AgreementTerms
from tests.gateway.house import House

AGREEMENT = "019a0000-0000-7000-8000-000000000000"
OAK, ELM = UUID("019a0000-0000-7000-8000-0000000000a1"), UUID("019a0000-0000-7000-8000-0000000000a2")
TERMS = AgreementTerms(
    id=UUID(AGREEMENT),
    kind="contractor",
    district_ids=(OAK,),
    elements=("identity.name", "identity.birth_date"),
    purposes=("assessment",),
    ends_on=date(2027, 6, 30),
)


def agreeing(house: House, **changes: Any) -> None:
    """Privacy knows the agreement."""
    terms = TERMS.model_copy(update=changes)
    house.behind["privacy"].answer = (200, [(b"content-type", b"application/json")], terms.model_dump_json().encode())

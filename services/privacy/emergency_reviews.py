"""Who looks back at an emergency: nobody who broke the glass, so that two have seen it within days, whatever one of them said of the other.

That another official approved it is the word of whoever put it on record, and waits for nobody: 99.36 asks for no second one, and a child
may be in danger. That somebody else reviewed it is what this node has seen for itself.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.requests import NotPermitted
from safepassage.wire_legal_process import Emergency
from services.privacy.evidence_records import callers_evidence, open_evidence
from services.privacy.sealing import Sealer
from services.privacy.tables import EvidenceEventRow
from shared.caller import Caller
from shared.officials import official_of

REVIEW: Final = "emergency-review"
_ABOUT: Final = "evidence:"


async def require_another(tx: AsyncSession, sealer: Sealer, caller: Caller, about: str | None) -> None:
    """Raises NotPermitted where whoever says that the review was done declared the emergency, approved it or put it on record.

    about  of the duty: the evidence

    # INVARIANT: a person who signed in is known as themselves by whichever client they come; a client of its own as that client.
    """
    row = await callers_evidence(tx, caller, UUID((about or "").removeprefix(_ABOUT)))
    of, person = open_evidence(sealer, row).of, caller.claims.person
    if person is not None:
        named = {of.declared_by.casefold(), of.approved_by.casefold()} if isinstance(of, Emergency) else set()
        is_another = official_of(person) not in named
    else:
        recorded = select(EvidenceEventRow.client_id).where(EvidenceEventRow.evidence_id == row.id, EvidenceEventRow.kind == "recorded")
        is_another = caller.client_id not in (await tx.scalars(recorded)).all()
    if not is_another:
        raise NotPermitted("whoever declared, approved or recorded the emergency does not review it")

"""A credential that was stolen: what it did, in the log of a console's node."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID, uuid4

from safepassage.canonical import digest_of
from shared.contracts.audit import Actor, Context, Event
from tests.gateway.console.consoles import Console
from tests.gateway.console.crossing import log_of

KEY: Final = digest_of(b"a stolen key")
ADDRESS: Final = "192.0.2.77"
ELEMENTS: Final = ("identity.name",)


async def stolen(
    console: Console,
    *,
    client: str = "stolen",
    custodian: UUID | None = None,
    students: int = 2,
    node: str | None = None,
    recipient: UUID | None = None,
    whom: Sequence[UUID] = (),
) -> list[UUID]:
    """It read of some students of the console's district, or of another, for somebody here or at another node; their ids.

    whom  of these, in place of so many who are not here
    """
    log, organisation_id = log_of(console), recipient or uuid4()
    to = str(organisation_id) if node is None else f"{node}#{organisation_id}"
    who, whose = list(whom) or [uuid4() for _ in range(students)], custodian or console.district.id
    read = Event(
        class_="read",
        key=f"read:{uuid4()}",
        subjects=tuple(who),
        custodians=(whose,) * len(who),
        actor=Actor(kind="client", client_id=client, organisation_id=organisation_id, key=KEY, address=ADDRESS, role=None),
        context=Context(
            operation="roster-entries-read",
            outcome="done",
            recipient_organisation=to,
            recipient_node=node,
            elements=("identity.name",),
        ),
        decision_token=log.decision(None, recipient=to, elements=ELEMENTS)[1],
    )
    await log.append(read)
    return who

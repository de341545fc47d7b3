"""Every node that was ever on the trust list, with its state and its agency: what was disclosed to one that has left stays under its state.

Who is a member now is the trust list's to say, and nobody is one for what stands here. A node whose state was changed is found under each
that it had, and counted under the last. Two nodes of one state are both found under it, a node under its former address among them.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.trust_list import VerifiedTrustList, read_trust_list
from services.audit.index.terms import HERE
from services.audit.tables import KnownNodeRow, TrustListRow
from shared.inserts import insert_into


class KnownNodes(NamedTuple):
    """`own`: the entity id of this node, whose own recipients are behind no node."""

    own: str
    states: Mapping[str, tuple[str, ...]]
    """By entity id, the last one at the end."""
    agencies: Mapping[str, str]
    """What the agency of a node was last called, by entity id."""

    def of_state(self, state: str) -> frozenset[str]:
        """The nodes that are or were of a state, as the index knows them."""
        found = frozenset(node for node, states in self.states.items() if state in states)
        return found | {HERE} if self.own in found else found

    def state_of(self, node: str) -> str | None:
        """The state of a node, the last that it had."""
        states = self.states.get(self.own if node == HERE else node)
        return states[-1] if states else None


async def known_nodes(tx: AsyncSession, own: str) -> KnownNodes:
    """Those of every trust list that was accepted; none where there was no list yet."""
    states: dict[str, tuple[str, ...]] = {}
    agencies: dict[str, str] = {}
    for row in await tx.scalars(select(KnownNodeRow).order_by(KnownNodeRow.serial, KnownNodeRow.state)):
        states[row.entity_id] = (*states.get(row.entity_id, ()), row.state)
        agencies[row.entity_id] = row.agency
    return KnownNodes(own, states, agencies)


async def remember_members(tx: AsyncSession, accepted: VerifiedTrustList) -> None:
    """Keep the members of a list that was just stored, and of those before it that were passed over: where it is stored, or not at all."""
    last = await tx.scalar(select(func.max(KnownNodeRow.serial))) or 0
    lists = select(TrustListRow.document).where(TrustListRow.serial > last, TrustListRow.serial <= accepted.content.serial)
    for document in (await tx.scalars(lists.order_by(TrustListRow.serial))).all():
        content = read_trust_list(document.encode(), development=True).content  # it was verified, by the rules of then
        rows = [
            {"entity_id": one.entity_id, "state": one.state, "agency": one.organisation, "serial": content.serial}
            for one in content.members
        ]
        if rows:
            added = insert_into(tx, KnownNodeRow).values(rows)
            said = {name: added.excluded[name] for name in ("agency", "serial")}
            newer = KnownNodeRow.serial < added.excluded.serial
            await tx.execute(added.on_conflict_do_update(index_elements=["entity_id", "state"], set_=said, where=newer))

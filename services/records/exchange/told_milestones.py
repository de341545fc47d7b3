"""Telling privacy that a receipt came or was given: the duties that the exchange serves end with it. Many in one call, behind."""

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from safepassage.canonical import digest_of
from shared.contracts.exchange_milestones import ExchangeMilestone
from shared.outbox import Outbox
from shared.outbox_lanes import Together

LANE: Final = "milestones"
PATH: Final = "/internal/exchange-milestones"

Reached = Literal["accepted", "filed", "delivered", "rejected"]


def milestone(outbox: Outbox, exchange_id: UUID, reached: Reached, *, peer: str, receipt: str, at: datetime) -> dict[str, Any]:
    """The row that tells privacy, for `Writing.tell`. `receipt` is the compact JWS."""
    told = ExchangeMilestone(exchange_id=exchange_id, reached=reached, peer=peer, receipt=digest_of(receipt.encode("ascii")), at=at)
    return outbox.row_to_tell("privacy", "POST", PATH, told, lane=LANE)


def send_milestones_together(outbox: Outbox) -> None:
    """Have `outbox` send what waits of the lane in one call."""
    outbox.together[LANE] = Together("privacy", PATH, "milestones")

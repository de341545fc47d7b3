"""What records tells privacy of an exchange: that a receipt came or was given. A duty that the exchange serves ends with it.

Of every exchange, whoever the child is: what is told of one alone says nothing of the child.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.wire import Digest, Instant, Wire


class ExchangeMilestone(Wire):
    """One receipt. The same again changes nothing."""

    exchange_id: UUID
    reached: Literal["accepted", "filed", "delivered", "rejected"]
    """accepted: the holder's receipt for our request. filed: the record that came is filed here, our second receipt says so.
    delivered: the recipient's first receipt for a record that we sent. rejected: its second one says that it could not be filed."""
    peer: Annotated[str, StringConstraints(max_length=200)]
    """Entity id of the other node."""
    receipt: Digest
    """Of the signed receipt, which records keeps."""
    at: Instant


class MilestoneBatch(Wire):
    """`POST /internal/exchange-milestones`, in the order in which they were reached."""

    milestones: Annotated[tuple[ExchangeMilestone, ...], Field(min_length=1, max_length=500)]

"""What the row of a request of ours has: whom it names, what the log was told, and what of it is left once it is over."""

from safepassage.claims import read_closed
from safepassage.request import Selector
from services.records.exchange.exchange import Exchange
from services.records.tables import ExchangeRequestRow
from shared.contracts.audit import Event


def left_of(row: ExchangeRequestRow) -> dict[str, bytes]:
    """What to set in a request's row once it is over. INVARIANT: of what was sought in one that names nobody nothing is left then."""
    return {} if row.finding_id is None else {"particulars": b""}


def selector_of(exchange: Exchange, row: ExchangeRequestRow) -> Selector:
    """The selector of a request of ours, opened from rest."""
    return read_closed(exchange.open_particulars(row.id, row.particulars), model=Selector)


def event_of(row: ExchangeRequestRow) -> Event:
    """What the log is told of it."""
    return Event.model_validate_json(row.event)

"""Which keys the log was last told of."""

from services.gateway.tables import Base
from shared.key_rings import KeyRingColumns


class KeyRingRow(KeyRingColumns, Base):
    """The keys of one kind: of tokens, of the gateway's files, of the node's statement."""

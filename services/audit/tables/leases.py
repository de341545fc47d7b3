"""Which process does the work that one at a time does."""

from services.audit.tables.log import Base
from shared.leases import LeaseColumns


class LeaseRow(LeaseColumns, Base):
    """A kind of work, who does it, and until when."""

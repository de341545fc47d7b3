"""What audit stores. Nothing of a person is here in clear: what was logged is sealed, and the index knows keyed tags alone.

audit's store is not trusted with the past: whoever controls it can destroy the log, and cannot rewrite it unseen by those who pinned a
checkpoint. With the key-encryption key it tells who saw what.
"""

from services.audit.tables.alerts import AlertAcknowledgementRow, AlertCursorRow, AlertReviewRow, AlertRow
from services.audit.tables.copies import DisclosureCopyRow, RedisclosureRow
from services.audit.tables.destinations import LogDestinationRow
from services.audit.tables.index import ActivityRow, IndexCursorRow, IndexedActorRow, IndexRebuildRow, PostingRow, ShapeRow, TermRow
from services.audit.tables.key_rings import KeyRingRow
from services.audit.tables.leases import LeaseRow
from services.audit.tables.log import (
    DIGEST_BYTES,
    EVENT_KEY_BYTES,
    KEY_ID_BYTES,
    AppendedRow,
    Base,
    CheckpointRow,
    EdgeTileRow,
    LogKeyRow,
    LogRow,
    OrganisationRow,
    SealedRow,
    SegmentRow,
    SubjectEntryRow,
    SubjectKeyRow,
    TileRow,
    TreeStateRow,
)
from services.audit.tables.mirror import MirroredBundleRow, MirroredLogRow
from services.audit.tables.radius_counts import RadiusCountPartRow, RadiusCountRow
from services.audit.tables.retention import (
    DestroyedKeyRow,
    DestroyedPartRow,
    DestructionApprovalRow,
    DestructionRow,
    HoldRow,
    IdempotencyRow,
    KeyWrappingRow,
)
from services.audit.tables.saved_searches import SavedSearchRow
from services.audit.tables.witness import CosignatureRow, KnownNodeRow, TrustListRow, WitnessedLogRow, WitnessFindingRow

__all__ = [
    "DIGEST_BYTES",
    "EVENT_KEY_BYTES",
    "KEY_ID_BYTES",
    "ActivityRow",
    "AlertAcknowledgementRow",
    "AlertCursorRow",
    "AlertReviewRow",
    "AlertRow",
    "AppendedRow",
    "Base",
    "CheckpointRow",
    "CosignatureRow",
    "DestroyedKeyRow",
    "DestroyedPartRow",
    "DestructionApprovalRow",
    "DestructionRow",
    "DisclosureCopyRow",
    "EdgeTileRow",
    "HoldRow",
    "IdempotencyRow",
    "IndexCursorRow",
    "IndexRebuildRow",
    "IndexedActorRow",
    "KeyRingRow",
    "KeyWrappingRow",
    "KnownNodeRow",
    "LeaseRow",
    "LogDestinationRow",
    "LogKeyRow",
    "LogRow",
    "MirroredBundleRow",
    "MirroredLogRow",
    "OrganisationRow",
    "PostingRow",
    "RadiusCountPartRow",
    "RadiusCountRow",
    "RedisclosureRow",
    "SavedSearchRow",
    "SealedRow",
    "SegmentRow",
    "ShapeRow",
    "SubjectEntryRow",
    "SubjectKeyRow",
    "TermRow",
    "TileRow",
    "TreeStateRow",
    "TrustListRow",
    "WitnessFindingRow",
    "WitnessedLogRow",
]

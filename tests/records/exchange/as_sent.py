"""Envelopes as they are seen on a line between two nodes: packed where the receiver says that it takes them so."""

from safepassage.envelope import CONTENT_TYPE as ENVELOPE_TYPE
from safepassage.message_batches import CONTENT_TYPE as BATCH_TYPE
from safepassage.message_batches import split_batch
from safepassage.packed import PACKED, PACKED_BATCH, unpacked

TOGETHER = (BATCH_TYPE, PACKED_BATCH)
ENVELOPES = (ENVELOPE_TYPE, PACKED)
"""Of one."""


def messages_of(content: bytes, content_type: str) -> list[bytes]:
    """The messages of a call, envelopes as they were signed (`safepassage.envelope.envelope_body`)."""
    messages = split_batch(content) if content_type in TOGETHER else [content]
    return [unpacked(one) for one in messages] if content_type in (PACKED, PACKED_BATCH) else messages

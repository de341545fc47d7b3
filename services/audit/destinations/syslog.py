"""Entries as syslog messages: RFC 5424, framed by octet counts (RFC 5425 section 4.3). Pure.

<110>1 2026-10-20T12:00:00Z alder.example safe-passage - disclosure [log@32473 name="..." index="7" ...] BOM{...}
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from safepassage.canonical import canonical_json
from safepassage.wire_destinations import DeliveredEntry

FACILITY: Final = 13
"""Log audit: RFC 5424 table 1."""
APPLICATION: Final = "safe-passage"
_BOM: Final = "\ufeff"
_NIL: Final = "-"
_SEVERITIES: Final[Mapping[int, int]] = {1: 6, 2: 5, 3: 4}
"""OCSF's informational, low and medium; RFC 5424's informational, notice and warning."""
_ESCAPED: Final = re.compile(r'(["\\\]])')


def entry_message(entry: DeliveredEntry, *, log: str, message_id: str, host: str, enterprise: int) -> bytes:
    """One entry as a frame.

    message_id  stays the same however often the entry is sent
    enterprise  private enterprise number that names the structured data
    """
    event = entry.event
    parameters = {"name": log, "index": str(entry.index), "leafHash": entry.leaf_hash, "id": message_id}
    logged_at = datetime.fromtimestamp(event["time"] / 1000, UTC)
    return frame(
        message(
            severity=_SEVERITIES[event["severity_id"]],
            at=logged_at,
            host=host,
            message_type=event["unmapped"]["class"],
            elements={f"log@{enterprise}": parameters},
            text=canonical_json(event).decode(),
        )
    )


def ping_message(*, at: datetime, host: str, enterprise: int, destination_id: str) -> bytes:
    """A message that tells of no entry, as a frame."""
    elements = {f"log@{enterprise}": {"destination": destination_id}}
    return frame(message(severity=6, at=at, host=host, message_type="ping", elements=elements, text="log.ping"))


def message(*, severity: int, at: datetime, host: str, message_type: str, elements: Mapping[str, Mapping[str, str]], text: str) -> bytes:
    """A message of RFC 5424 section 6; its text is UTF-8 and says so by its byte order mark.

    host, message_type  what is not printable ASCII in them is left out
    elements            structured data: parameters by the ids of their elements
    """
    header = (
        f"<{FACILITY * 8 + severity}>1 {at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z {_printable(host, 255)} {APPLICATION} {_NIL} "
        f"{_printable(message_type, 32)}"
    )
    return f"{header} {structured_data(elements)} {_BOM}{text}".encode()


def structured_data(elements: Mapping[str, Mapping[str, str]]) -> str:
    """RFC 5424 section 6.3: of a value, quotation mark, backslash and closing bracket are escaped, and nothing else."""
    if not elements:
        return _NIL
    return "".join(
        "[" + "".join([name, *(f' {key}="{_escaped(value)}"' for key, value in parameters.items())]) + "]"
        for name, parameters in elements.items()
    )


def _escaped(value: str) -> str:
    return _ESCAPED.sub(r"\\\1", value)


def frame(octets: bytes) -> bytes:
    """With its length in front: RFC 5425 section 4.3."""
    return b"%d %b" % (len(octets), octets)


def _printable(text: str, most: int) -> str:
    return "".join(char for char in text if "!" <= char <= "~")[:most] or _NIL

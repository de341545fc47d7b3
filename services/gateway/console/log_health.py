"""How the log stands: its size and who witnessed it, read off its latest checkpoint."""

from dataclasses import dataclass
from typing import Final, Literal

from safepassage.checkpoints import parse_checkpoint
from safepassage.notes import parse_note
from services.gateway.console.node_reader import NodeReader
from services.gateway.console.pages import Frame

LOG: Final = "/v1/log/checkpoint"


@dataclass(frozen=True)
class LogHealth:
    """What the head of a page says of the log."""

    tone: Literal["good", "warn"]
    says: str
    more: str


async def log_health(frame: Frame, node: NodeReader) -> LogHealth | None:
    """None for whose role has no part in the log. Raises LogUnavailable: then the page says that, and nothing else."""
    if not node.may("audit:operate"):
        return None
    _ = frame.translate
    note = parse_note(await node.bytes_of("audit", LOG))
    checkpoint = parse_checkpoint(note.text)
    entries = _("1 entry.") if checkpoint.size == 1 else _("%(n)s entries.") % {"n": frame.viewing.number(checkpoint.size)}
    others = [line.name for line in note.signatures if line.name != checkpoint.origin]
    if not others:
        return LogHealth("warn", _("No other node has witnessed this log yet."), entries)
    cosigned = _("Cosigned by %(names)s.") % {"names": ", ".join(sorted(set(others)))}
    return LogHealth("good", _("The log is witnessed."), f"{entries} {cosigned}")

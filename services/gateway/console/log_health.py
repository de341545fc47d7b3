"""How the log stands: its size, when it was last witnessed, and by whom."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from safepassage.wire_log_witnesses import LogWitnesses
from services.gateway.console.node_reader import NodeReader
from services.gateway.console.pages import Frame
from services.gateway.console.peers_named import named_peers
from services.gateway.console.states_shown import COSIGNED_LATELY
from services.gateway.console.viewing import Viewing

WITNESSES: Final = "/v1/log/witnesses"


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
    told = await node.read("audit", WITNESSES, LogWitnesses)
    held = frame.request.app.state.trust.held
    peers = named_peers(frame)
    names = {vkey: peers.state(one.entity_id) for one in (() if held is None else held.members) for vkey in one.witness_keys}
    return health_of(told, names, frame.viewing, frame.translate)


def health_of(told: LogWitnesses, names: Mapping[str, str], viewing: Viewing, translate: Callable[[str], str]) -> LogHealth:
    """Pure. `names`: whose key it is that witnesses, by vkey; one that the trust list has not goes by its own name."""
    _ = translate
    entries = _("1 entry.") if told.size == 1 else _("%(n)s entries.") % {"n": viewing.number(told.size)}
    quorum = [one for one in told.witnesses if 0 < told.witnessed_size <= one.size]
    at = max((one.cosigned_at for one in quorum if one.cosigned_at is not None), default=None)
    if at is None:
        return LogHealth("warn", _("No other node has witnessed this log yet."), entries)
    whom = sorted({names.get(one.vkey) or one.vkey.partition("+")[0] for one in quorum})
    more = f"{entries} " + _("Last witnessed %(at)s, by %(names)s.") % {"at": viewing.instant(at), "names": ", ".join(whom)}
    waiting = told.size - told.witnessed_size
    if waiting > 0:
        more += " " + (_("1 entry waits for it.") if waiting == 1 else _("%(n)s entries wait for it.") % {"n": viewing.number(waiting)})
    if told.findings:
        return LogHealth("warn", _("A witness, or a log that is witnessed, said what it should never say. See States."), more)
    if waiting > 0 and viewing.now - at >= COSIGNED_LATELY:
        return LogHealth("warn", _("The newest entries are not witnessed."), more)
    return LogHealth("good", _("The log is witnessed."), more)

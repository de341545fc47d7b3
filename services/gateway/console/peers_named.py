"""What another node is called where a page names it: its state, and its host, by the trust list that this node holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from services.gateway.console.pages import Frame
from services.gateway.console.state_names import STATE_NAMES


@dataclass(frozen=True)
class NamedPeers:
    """`states`: two letters by entity id."""

    states: Mapping[str, str]
    translate: Callable[[str], str]

    def state(self, entity_id: str) -> str:
        """The state's name; the host of a node that the list has no more."""
        code = self.states.get(entity_id, "")
        return self.translate(STATE_NAMES[code]) if code in STATE_NAMES else host_of(entity_id)

    def choices(self) -> list[tuple[str, str]]:
        """Entity ids of the other nodes with their names, in the order of those; the host where several are of one state."""
        names = {entity_id: self.state(entity_id) for entity_id in self.states}
        doubled = {name for name in names.values() if list(names.values()).count(name) > 1}
        told = {entity_id: f"{name}, {host_of(entity_id)}" if name in doubled else name for entity_id, name in names.items()}
        return sorted(told.items(), key=lambda one: one[1])


def host_of(entity_id: str) -> str:
    """Where it answers."""
    return urlsplit(entity_id).netloc or entity_id


def named_peers(frame: Frame) -> NamedPeers:
    """Those of the trust list but this node itself."""
    state = frame.request.app.state
    members = () if state.trust.held is None else state.trust.held.members
    others = {one.entity_id: one.state for one in members if one.entity_id != state.settings.entity_id}
    return NamedPeers(others, frame.translate)

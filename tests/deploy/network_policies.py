"""What a set of network policies lets through, as a cluster decides it: the union of what the policies that select a Pod allow."""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Pod:
    """One end of a connection inside the cluster."""

    namespace: str
    labels: Mapping[str, str]


End = Pod | str
"""A Pod, or an address outside the cluster."""


@dataclass(frozen=True)
class Policies:
    """The policies of one namespace."""

    namespace: str
    manifests: tuple[Manifest, ...]

    def allow(self, source: End, target: End, port: int, protocol: str = "TCP") -> bool:
        """Whether a connection passes: out of its source, and into its target."""
        return self.allow_out(source, target, port, protocol) and self.allow_in(source, target, port, protocol)

    def allow_out(self, source: End, target: End, port: int, protocol: str = "TCP") -> bool:
        """Whether the source's policies let it out."""
        return self._allow("Egress", source, target, port, protocol)

    def allow_in(self, source: End, target: End, port: int, protocol: str = "TCP") -> bool:
        """Whether the target's policies let it in."""
        return self._allow("Ingress", target, source, port, protocol)

    def _allow(self, direction: str, own: End, other: End, port: int, protocol: str) -> bool:
        if not isinstance(own, Pod) or own.namespace != self.namespace:
            return True
        selecting = [
            manifest["spec"]
            for manifest in self.manifests
            if direction in manifest["spec"]["policyTypes"] and _selects(manifest["spec"]["podSelector"], own.labels)
        ]
        if not selecting:
            return True
        rules = [rule for spec in selecting for rule in spec.get(direction.lower(), ())]
        ends = "to" if direction == "Egress" else "from"
        return any(self._is_one_of(other, rule.get(ends)) and _has_port(rule, port, protocol) for rule in rules)

    def _is_one_of(self, end: End, peers: Iterable[Manifest] | None) -> bool:
        return peers is None or any(self._is(end, peer) for peer in peers)

    def _is(self, end: End, peer: Manifest) -> bool:
        if unknown := set(peer) - {"podSelector", "namespaceSelector", "ipBlock"}:
            raise ValueError(f"not a peer: {sorted(unknown)}")
        if "ipBlock" in peer:
            return isinstance(end, str) and _in_block(ipaddress.ip_address(end), peer["ipBlock"])
        if not isinstance(end, Pod):
            return False
        if "namespaceSelector" in peer:
            if not _selects(peer["namespaceSelector"], {"kubernetes.io/metadata.name": end.namespace}):
                return False
        elif end.namespace != self.namespace:
            return False
        return _selects(peer.get("podSelector", {}), end.labels)


def _selects(selector: Manifest, labels: Mapping[str, str]) -> bool:
    if unknown := set(selector) - {"matchLabels", "matchExpressions"}:
        raise ValueError(f"not a selector: {sorted(unknown)}")
    for expression in selector.get("matchExpressions", ()):
        if expression["operator"] != "In":
            raise ValueError("this reader knows `In` alone")
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())


def _has_port(rule: Manifest, port: int, protocol: str) -> bool:
    if unknown := {key for one in rule.get("ports", ()) for key in one} - {"protocol", "port"}:
        raise ValueError(f"not a port: {sorted(unknown)}")
    return "ports" not in rule or any(one["port"] == port and one.get("protocol", "TCP") == protocol for one in rule["ports"])


def _in_block(address: ipaddress.IPv4Address | ipaddress.IPv6Address, block: Manifest) -> bool:
    blocked = any(address in ipaddress.ip_network(one) for one in block.get("except", ()))
    return address in ipaddress.ip_network(block["cidr"]) and not blocked

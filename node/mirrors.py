"""The policy by which a node has its log kept by another one: the mirror's keys and its address, as the mirror prints them."""

from collections.abc import Sequence

from safepassage.notes import VerifierKey
from safepassage.tlog_policy import parse_policy

PREFIX = "/v1/mirror"
"""Under a gateway's address: where its mirror takes entries (C2SP tlog-mirror)."""


def policy_with(keys: Sequence[VerifierKey], *, gateway: str) -> str:
    """A C2SP tlog-policy with one mirror, which counts once all of its keys have cosigned."""
    names = [f"mirror-{number}" for number, _ in enumerate(keys, 1)]
    lines = ["# Who keeps a copy of this node's log (C2SP tlog-mirror).", f"# {gateway}"]
    lines += [f"witness {name} {key.vkey} {gateway}{PREFIX}" for name, key in zip(names, keys, strict=True)]
    text = "\n".join([*lines, f"group mirror all {' '.join(names)}", "quorum mirror", ""])
    parse_policy(text.encode())
    return text

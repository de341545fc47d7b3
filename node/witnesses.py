"""The policy that names a node's witnesses, written from the trust list: the other members, by their witness keys and addresses."""

from collections.abc import Sequence

from safepassage.tlog_policy import parse_policy
from safepassage.trust_members import Member

PREFIX = "/v1/witness"
"""Under a gateway's address: where its witness takes checkpoints (C2SP tlog-witness)."""


class TooFewWitnesses(Exception):
    """The list has fewer members that witness than the quorum wants."""


def policy_of(members: Sequence[Member], *, own_entity_id: str, at_least: int) -> str:
    """A C2SP tlog-policy: every other active member that has witness keys, of whom `at_least` have to cosign.

    A member counts once all of its keys have cosigned: that of ML-DSA-44 holds where Ed25519 does no more. Raises TooFewWitnesses.
    """
    found = [one for one in members if one.entity_id != own_entity_id and one.status == "active" and one.witness_keys]
    if not 1 <= at_least <= len(found):
        raise TooFewWitnesses(f"{len(found)} other members witness")
    witnesses = {f"{one.state}-{number}": one for number, one in enumerate(found, 1)}
    lines = ["# Who witnesses this node's log, and how many of them are enough (C2SP tlog-policy)."]
    for name, one in witnesses.items():
        keys = [f"{name}-{place}" for place in range(1, len(one.witness_keys) + 1)]
        lines += ["", f"# {one.entity_id}"]
        lines += [f"witness {key} {vkey} {one.endpoints.gateway}{PREFIX}" for key, vkey in zip(keys, one.witness_keys, strict=True)]
        lines.append(f"group {name} all {' '.join(keys)}")
    text = "\n".join([*lines, "", f"group members {at_least} {' '.join(witnesses)}", "quorum members", ""])
    parse_policy(text.encode())
    return text

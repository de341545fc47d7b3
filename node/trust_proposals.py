"""A trust list on its way from one root holder to the next: what is to change, said in words, and who has signed already.

Whoever proposes a list decides nothing: it counts once thresholds of the roots before it and of its own have signed the very bytes.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from safepassage.public_keys import PublicJwk
from safepassage.trust_list import TrustList, TrustListDocument, VerifiedTrustList, root_signing_input, trust_list_document
from safepassage.trust_members import Member
from shared.keys import SigningKey

LASTS: Final = timedelta(days=30)

Status = Literal["active", "suspended", "revoked"]
SAID: Final[dict[Status, str]] = {"active": "comes back", "suspended": "is suspended", "revoked": "is expelled"}

COHERENT: Final = "a list has roots, at least as many as its threshold, and names each member and each log once"


class NotProposable(Exception):
    """What is asked for makes no list, or this root has no say in it."""


@dataclass(frozen=True)
class Changes:
    """What the next list says otherwise than the one before."""

    admit: Sequence[Member] = ()
    update: Sequence[Member] = ()
    """Members whose description changed: keys, addresses, name. Their status stays."""
    statuses: dict[str, Status] = field(default_factory=dict)
    """By entity id."""
    add_roots: Sequence[PublicJwk] = ()
    drop_roots: Sequence[str] = ()
    """By `kid`."""
    threshold: int | None = None


def proposal(previous: VerifiedTrustList | None, changes: Changes, *, network: str | None, now: datetime) -> bytes:
    """The document of the list after `previous` (or of a network's first), signed by nobody. Raises NotProposable."""
    before = None if previous is None else previous.content
    if (before is None) == (network is None):
        raise NotProposable("the first list has the network's name; each other one follows a list, and keeps it")
    roots = _roots(before, changes)
    issued_at = int(now.timestamp())
    try:
        content = TrustList(
            network=network or ("" if before is None else before.network),
            serial=1 if before is None else before.serial + 1,
            issued_at=issued_at,
            expires_at=issued_at + int(LASTS.total_seconds()),
            previous_digest=None if previous is None else previous.digest,
            threshold=changes.threshold or (1 if before is None else before.threshold),
            roots=roots,
            members=tuple(_members(() if before is None else before.members, changes)),
        )
    except ValueError as error:
        raise NotProposable(COHERENT) from error
    return trust_list_document(content.payload(), signatures={})


def cosigned(proposed: TrustListDocument, root: SigningKey, *, previous: TrustList | None) -> bytes:
    """The document with the signature of `root` too. Raises NotProposable for a root of neither list."""
    if root.kid not in {jwk.kid for jwk in (*proposed.content.roots, *(() if previous is None else previous.roots))}:
        raise NotProposable("this key is a root of neither list")
    payload = proposed.content.payload()
    return proposed.cosigned(root.kid, root.sign(root_signing_input(payload, kid=root.kid)))


def missing(proposed: TrustListDocument, *, previous: TrustList | None) -> tuple[int, int]:
    """How many signatures are wanted still: of the roots before, of its own. Raises TrustListNotSigned where one of theirs fails."""
    lists = (previous, proposed.content)
    before, own = (0 if one is None else max(0, one.threshold - len(proposed.signed_by(one.roots))) for one in lists)
    return before, own


def differences(previous: TrustList | None, proposed: TrustList) -> Iterator[str]:
    """What changes, a sentence each: a root holder reads these before signing."""
    members = {} if previous is None else {one.entity_id: one for one in previous.members}
    for member in proposed.members:
        yield from _difference(members.pop(member.entity_id, None), member)
    yield from (f"{gone.organisation} ({gone.entity_id}) is in the list no more." for gone in members.values())
    before, after = ({root.kid for root in ([] if one is None else one.roots)} for one in (previous, proposed))
    yield from (f"Root {kid} has a say from now on." for kid in sorted(after - before))
    yield from (f"Root {kid} has no say any more." for kid in sorted(before - after))
    if previous is None or previous.threshold != proposed.threshold:
        yield f"{proposed.threshold} of {len(proposed.roots)} roots sign a list."


def _difference(before: Member | None, after: Member) -> Iterator[str]:
    name = f"{after.organisation} ({after.entity_id})"
    if before is None:
        yield f"{name} is admitted, for {after.state}."
        return
    if before.status != after.status:
        yield f"{name} {SAID[after.status]}."
    names = sorted(name for name in Member.model_fields if name != "status" and getattr(before, name) != getattr(after, name))
    if names:
        yield f"{name} has new {', '.join(name.replace('_', ' ') for name in names)}."


def _roots(before: TrustList | None, changes: Changes) -> tuple[PublicJwk, ...]:
    held = () if before is None else before.roots
    unknown = set(changes.drop_roots) - {root.kid for root in held}
    if unknown:
        raise NotProposable("a root that is to be dropped is none of the list before")
    return (*(root for root in held if root.kid not in changes.drop_roots), *changes.add_roots)


def _members(held: Iterable[Member], changes: Changes) -> Iterator[Member]:
    known = {one.entity_id: one for one in held}
    asked = {one.entity_id for one in changes.update} | set(changes.statuses)
    if not asked <= set(known):
        raise NotProposable("who is to change is no member of the list before: admit it")
    if any(one.entity_id in known for one in changes.admit):
        raise NotProposable("who is to be admitted is in the list already: update it, or reinstate it")
    described = {one.entity_id: one for one in changes.update}
    for entity_id, member in known.items():
        status = changes.statuses.get(entity_id, member.status)
        if member.status == "revoked" and status != "revoked":
            raise NotProposable("who was expelled does not come back under the same entity id: its keys may be in other hands")
        yield described.get(entity_id, member).model_copy(update={"status": status})
    yield from changes.admit

"""What an envelope adds to a package: its signed part, with the proof out of a log of 2^24 entries, and sealing. Bytes, not time."""

import hashlib
from collections.abc import Iterator

from bench.figures import Figure
from safepassage.canonical import to_base64url
from safepassage.envelope import envelope_body
from safepassage.logged import proof_members
from safepassage.packed import packed
from tests.sdk.exchange import Exchange

TITLE = "What an envelope adds"

SIZE = 2**24
LAST = SIZE - 1
"""The last entry has the longest path."""
Node = tuple[int, int]
"""A subtree: its first entry, and the first behind it."""


def run() -> list[Figure]:
    """Build the same envelope with paths of those lengths: their length is all that counts here, so they prove nothing."""
    exchange = Exchange()
    sealed, ciphertext = exchange.sealed()
    sealing = len(exchange.birch_keys.seal(b"", b"info"))
    figures = []
    for name, since in (
        ("an envelope for a peer that knows no checkpoint, or the same", None),
        ("the same with the path from a checkpoint of a thousand entries ago", SIZE - 1001),
        ("the same with the longest such path there is", SIZE // 2 - 1),
    ):
        logged = exchange.logged(sealed)
        proof = proof_members(
            entry=logged.entry or "",
            index=LAST,
            path=_hashes(_inclusion(LAST, (0, SIZE))),
            checkpoint=logged.checkpoint or "",
            since=since,
            continued=_hashes(_consistency(since, (0, SIZE), whole=True)) if since else (),
        )
        body = envelope_body(exchange.alder.sign(logged.model_copy(update=proof)), ciphertext)
        sent, as_signed = (len(one) - (len(ciphertext) - sealing) for one in (packed(body), body))
        note = f"sealing {sealing} bytes of it; {as_signed / 1000:.2f} to a node that does not take it packed; Ed25519 alone"
        figures.append(Figure(name, sent / 1000, "kB", "<= 5.5", note))
    return figures


def _inclusion(index: int, tree: Node) -> Iterator[Node]:
    """RFC 9162 section 2.1.3.1, subtrees instead of their hashes; of a tree of 2^k entries, as are those below it."""
    first, end = tree
    if end - first == 1:
        return
    middle = (first + end) // 2
    inside, beside = ((first, middle), (middle, end)) if index < middle else ((middle, end), (first, middle))
    yield from _inclusion(index, inside)
    yield beside


def _consistency(old: int, tree: Node, *, whole: bool) -> Iterator[Node]:
    """RFC 9162 section 2.1.4.1, likewise."""
    first, end = tree
    if old == end:
        if not whole:
            yield tree
        return
    middle = (first + end) // 2
    if old <= middle:
        yield from _consistency(old, (first, middle), whole=whole)
        yield middle, end
    else:
        yield from _consistency(old, (middle, end), whole=False)
        yield first, middle


def _hashes(nodes: Iterator[Node]) -> list[str]:
    return [to_base64url(hashlib.sha256(repr(node).encode()).digest()) for node in nodes]

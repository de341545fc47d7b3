"""What an envelope adds to a package: its signed part, with the proof out of a log of 2^24 entries, and sealing. Bytes, not time."""

import os

from bench.figures import Figure
from safepassage.canonical import to_base64url
from safepassage.envelope import envelope_body
from safepassage.logged import Consistency
from tests.sdk.exchange import Exchange

TITLE = "What an envelope adds"

DEPTH = 24
"""Hashes of a path in a log of 2^24 entries; of a path between two of its sizes one more at the most."""


def run() -> list[Figure]:
    """Build the same envelope with paths of that length: their length is all that counts here, so they prove nothing."""
    exchange = Exchange()
    sealed, ciphertext = exchange.sealed()
    plaintext = len(ciphertext) - _sealing_adds(exchange)
    hashes = [to_base64url(os.urandom(32)) for _ in range(DEPTH + 1)]
    between = Consistency.model_validate({"from": 2**DEPTH - 1000, "path": hashes})
    alone = exchange.logged(sealed, path=tuple(hashes[:DEPTH]), index=2**DEPTH - 1)
    figures = []
    for name, envelope in (
        ("an envelope without a path between checkpoints", alone),
        ("the same with the longest such path, which spares a question", alone.model_copy(update={"consistency": between})),
    ):
        added = len(envelope_body(exchange.alder.sign(envelope), ciphertext)) - plaintext
        figures.append(Figure(name, added / 1000, "kB", "<= 5.5", f"sealing {_sealing_adds(exchange)} bytes of it; Ed25519 alone"))
    return figures


def _sealing_adds(exchange: Exchange) -> int:
    """Bytes that sealing adds."""
    return len(exchange.birch_keys.seal(b"", b"info"))

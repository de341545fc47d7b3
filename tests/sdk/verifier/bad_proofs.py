"""Proofs of inclusion and of consistency that show nothing, and files of them."""

import base64
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from tests.sdk import rfc9162
from tests.sdk.verifier.evidence import (
    ENTRIES,
    LOG,
    NOTE,
    ORIGIN,
    OTHER,
    PATH,
    TEXT,
    Case,
    Judge,
    Signer,
    Verifier,
    body,
    note,
    reading,
    spoiled,
)

PLACES = [(0, 1), (0, 2), (3, 7), (6, 7), (3, 8), (64, 70)]
SIZES = [(1, 2), (3, 7), (4, 7), (6, 8), (4, 8), (5, 6), (64, 70), (5, 5)]


def leaf(n: int) -> bytes:
    return sha256(b"\0" + ENTRIES[n]).digest()


def pair(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def included(index: int, size: int, /, **changes: Any) -> Judge:
    """An inclusion proof that is right but for the changes."""
    proof = {"leaf_hash": leaf(index), "index": index, "size": size}
    proof |= {"path": rfc9162.path(index, ENTRIES[:size]), "root": rfc9162.mth(ENTRIES[:size]), **changes}
    return lambda verifier: verifier.verify_inclusion(**proof)


def consistent(old: int, new: int, /, **changes: Any) -> Judge:
    """A consistency proof that is right but for the changes."""
    proof: dict[str, Any] = {"old_size": old, "new_size": new}
    proof |= {"old_root": rfc9162.mth(ENTRIES[:old]), "new_root": rfc9162.mth(ENTRIES[:new])}
    proof |= {"path": [] if old == new else rfc9162.proof(old, ENTRIES[:new]), **changes}
    return lambda verifier: verifier.verify_consistency(**proof)


def good() -> Iterator[Case]:
    for index, size in PLACES:
        yield Case(f"entry {index} of {size}", included(index, size))
    for old, new in SIZES:
        yield Case(f"{old} to {new}", consistent(old, new))
    yield Case("a proof file", proof_file())
    yield Case("a proof file with its entry", proof_file(extra=base64.b64encode(ENTRIES[2]).decode()))


def bad() -> Iterator[Case]:
    yield from _inclusion()
    yield from _consistency()
    yield from _files()


def _inclusion() -> Iterator[Case]:
    for index, size in PLACES:
        what = f"inclusion of {index} in {size}: "
        for how, path in spoiled(rfc9162.path(index, ENTRIES[:size])):
            yield Case(what + how, included(index, size, path=path))
        yield Case(what + "of another entry", included(index, size, leaf_hash=leaf(index + 1)))
        yield Case(what + "to another root", included(index, size, root=rfc9162.mth(ENTRIES[: size + 1])))
        yield Case(what + "to a root of 31 bytes", included(index, size, root=rfc9162.mth(ENTRIES[:size])[:31]))
        yield Case(what + "of a leaf of 33 bytes", included(index, size, leaf_hash=leaf(index) + b"\0"))
        yield Case(what + "at an index below zero", included(index, size, index=-1))
        for other in {index ^ 1, index + 2, size} - {index}:
            yield Case(what + f"at index {other}", included(index, size, index=other))
    # A node taken for an entry: with a path that is one shorter, and the size that would call for it.
    node = leaf(2) + leaf(3)
    yield Case("a node passed off as an entry", included(1, 2, leaf_hash=sha256(b"\0" + node).digest(), root=rfc9162.mth(ENTRIES[:4])))
    yield Case("a node's hash as the hash of an entry, of another size", included(1, 4, leaf_hash=pair(leaf(2), leaf(3)), path=[leaf(0)]))
    # What fits by construction, but for the one check that it is about.
    yield Case("the root alone, for an index beyond the log", included(0, 1, index=1, size=1, path=[]))
    yield Case("the root alone, of a log without entries", included(0, 1, size=0, path=[]))
    beyond = included(0, 1, index=1, path=[leaf(9)], root=pair(leaf(9), leaf(0)))
    yield Case("an index beyond the log, to a root that fits", beyond)
    left = leaf(0)
    yield Case(
        "a path of one step too many, to a root that fits", included(1, 2, path=[left, leaf(9)], root=pair(leaf(9), pair(left, leaf(1))))
    )
    yield Case("no path where there has to be one, to a root that fits", included(0, 2, path=[], root=leaf(0)))
    short = leaf(1)[:31]
    yield Case("a short hash, to a root that fits", included(0, 2, path=[short], root=pair(leaf(0), short)))
    yield Case("a leaf that is no hash, to a root that is the same", included(0, 1, leaf_hash=b"entry", path=[], root=b"entry"))


def _consistency() -> Iterator[Case]:
    for old, new in SIZES:
        what = f"consistency of {old} with {new}: "
        for how, path in spoiled([] if old == new else rfc9162.proof(old, ENTRIES[:new])):
            yield Case(what + how, consistent(old, new, path=path))
        yield Case(what + "another old root", consistent(old, new, old_root=rfc9162.mth(ENTRIES[1 : old + 1])))
        yield Case(what + "another new root", consistent(old, new, new_root=rfc9162.mth(ENTRIES[1 : new + 1])))
        yield Case(what + "an old root of 31 bytes", consistent(old, new, old_root=rfc9162.mth(ENTRIES[:old])[:31]))
        if old != new:
            yield Case(what + "in the wrong order", consistent(old, new, old_size=new, new_size=old))
            yield Case(what + "of the size before", consistent(old, new, old_size=old - 1))
            forked = [*ENTRIES[: old - 1], b"another", *ENTRIES[old:new]]
            yield Case(
                what + "of a history that was rewritten",
                consistent(old, new, new_root=rfc9162.mth(forked), path=rfc9162.proof(old, forked)),
            )
    empty = sha256(b"").digest()
    yield Case("consistency with nothing", consistent(1, 4, old_size=0, old_root=empty, path=[]))
    yield Case("consistency of nothing with nothing", consistent(1, 1, old_size=0, new_size=0, old_root=empty, new_root=empty, path=[]))
    root = rfc9162.mth(ENTRIES[:5])
    yield Case("a smaller size with the same root", consistent(5, 5, old_size=6, path=[]))
    yield Case("sizes below zero", consistent(5, 5, old_size=-5, new_size=-5))
    yield Case("one size with a path", consistent(5, 5, path=[root]))
    yield Case("one size with a path, of a complete tree", consistent(4, 4, path=[bytes(32)]))
    yield Case("one size of two roots", consistent(5, 5, new_root=bytes(32)))
    yield Case("another size without a path", consistent(4, 8, path=[], new_root=rfc9162.mth(ENTRIES[:4])))
    for old, new, path in (
        (2, 3, [leaf(2), bytes(32)]),
        (3, 4, [leaf(2), leaf(3), bytes(32), leaf(9)]),
        (1, 2, [leaf(1), leaf(5), leaf(6)]),
    ):
        fit_old, fit_new = _what_fits(old, new, path)
        yield Case(
            f"a path of {old} to {new} that is too long, to roots that fit",
            consistent(old, new, old_root=fit_old, new_root=fit_new, path=path),
        )
    for old, new, path in ((3, 7, [leaf(2)]), (5, 8, [leaf(4), leaf(5)]), (6, 8, [leaf(1)])):
        fit_old, fit_new = _what_fits(old, new, path)
        yield Case(
            f"a path of {old} to {new} that breaks off, to roots that fit",
            consistent(old, new, old_root=fit_old, new_root=fit_new, path=path),
        )
    odd = leaf(2)[:31]
    yield Case("hashes of 31 bytes, equal roots", consistent(3, 3, old_root=odd, new_root=odd, path=[]))


def _what_fits(old_size: int, new_size: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The roots to which the path leads, if one goes on with it until it ends: RFC 9162 section 2.1.4.2, without what it refuses."""
    steps = list(path)
    if not old_size & (old_size - 1):
        steps.insert(0, rfc9162.mth(ENTRIES[:old_size]))
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if fn & 1 or fn == sn:
            old, new = pair(step, old), pair(step, new)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = pair(new, step)
        fn, sn = fn >> 1, sn >> 1
    return old, new


def proof_file(
    *,
    first: str = "c2sp.org/tlog-proof@v1",
    extra: str | None = None,
    index: str = "index 2",
    path: Sequence[str] | None = None,
    blank: str = "\n",
    checkpoint: str = NOTE,
    entry: bytes = ENTRIES[2],
    origin: str = ORIGIN,
    signer: Signer = LOG,
    head: bytes = b"",
) -> Judge:
    """A proof file that is right but for what is named."""
    lines = [base64.b64encode(digest).decode() for digest in PATH] if path is None else path
    text = "\n".join([first, *([] if extra is None else [f"extra {extra}"]), index, *lines, ""]) + blank + checkpoint

    def judge(verifier: Verifier) -> None:
        proof = verifier.parse_proof_file(head + text.encode())
        verifier.verify_proof_file(proof, entry=entry, origin=origin, keys=[signer.key(verifier)])

    return judge


def _files() -> Iterator[Case]:
    encoded = [base64.b64encode(digest).decode() for digest in PATH]
    forged = body(5, root=bytes(32))
    yield Case("a proof file of another version", proof_file(first="c2sp.org/tlog-proof@v2"))
    yield Case("a proof file that is not UTF-8", proof_file(head=b"\xff"))
    yield Case("a proof file that is too long", proof_file(checkpoint=NOTE + "x" * 2**20))
    yield Case("a proof file whose extra line is too long", proof_file(extra=base64.b64encode(bytes(2**20)).decode()))
    yield Case("a proof file without an empty line", proof_file(blank=""))
    yield Case("a proof file without a checkpoint", proof_file(checkpoint=""))
    yield Case("a proof file without an index", proof_file(index="of 2"))
    yield Case("a proof file with another word for index", proof_file(index="place 2"))
    for index in ("02", "+2", "-2", " 2", "2 ", "\u0662", "2" * 20, "", "two", "2_0"):
        yield Case(f"a proof file with the index {index!r}", proof_file(index=f"index {index}"))
    yield Case("a proof file with an index beyond its checkpoint", proof_file(index="index 5"))
    yield Case("a proof file of another index", proof_file(index="index 3"))
    yield Case("a proof file with loose bits in its extra line", proof_file(extra="ZW50cnkgMn=="))
    yield Case("a proof file with its path in another alphabet", proof_file(path=["-" * 43 + "=", *encoded[1:]]))
    yield Case("a proof file with white space in its path", proof_file(path=[encoded[0] + " ", *encoded[1:]]))
    yield Case("a proof file with a hash of 31 bytes", proof_file(path=[base64.b64encode(PATH[0][:31]).decode(), *encoded[1:]]))
    yield Case("a proof file without its path", proof_file(path=[]))
    for what, text in {
        "of its first line alone": f"c2sp.org/tlog-proof@v1\n\n{NOTE}",
        "without its checkpoint": "c2sp.org/tlog-proof@v1\nindex 2\n\n",
        "of a short hash": f"c2sp.org/tlog-proof@v1\nindex 2\nAAAA\n\n{NOTE}",
    }.items():
        yield Case(f"a text {what} read as a proof file", reading("parse_proof_file", text))
    yield Case("a proof file of another entry", proof_file(entry=ENTRIES[3]))
    yield Case("a proof file with a checkpoint that nobody signed", proof_file(checkpoint=note(forged, LOG.signed(TEXT))))
    yield Case("a proof file whose checkpoint another key signed", proof_file(checkpoint=note(TEXT, OTHER.signed(TEXT))))
    yield Case("a proof file of another log", proof_file(origin="cedar.example/log/2026"))
    yield Case("a proof file whose key is another one", proof_file(signer=OTHER))

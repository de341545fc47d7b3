"""Cosignatures and quorums that are none, policies that cannot be meant, and what log and witness may not say to one another."""

import base64
import struct
from collections.abc import Iterator

from tests.sdk import rfc9162
from tests.sdk.verifier.evidence import (
    COLLIDING_WITNESSES,
    ENTRIES,
    LOG,
    NOTE,
    ORIGIN,
    OTHER,
    PQ,
    TEXT,
    Case,
    Judge,
    Signer,
    T,
    Verifier,
    W,
    body,
    cosigned_message,
    flipped,
    line,
    note,
    reading,
)

CEDAR = Signer(5, "cedar.example/witness", 4)
ML_DSA_LOG = Signer(6, ORIGIN, 6)
POLICY = (
    f"log {LOG.vkey}\nwitness w {W.vkey}\nwitness q {PQ.vkey}\nwitness c {CEDAR.vkey}\n"
    "group birch all w q\ngroup two 2 birch c\nquorum two\n"
)


def cosigned(text: bytes, *lines: str, keys: tuple[Signer, ...] = (W, PQ)) -> Judge:
    """Cosignatures under a text; at least one of a known key has to be there."""

    def judge(verifier: Verifier) -> None:
        found = verifier.verified_cosignatures(verifier.parse_note(note(text, *lines)), keys=[one.key(verifier) for one in keys])
        if not found:
            verifier.verify_cosignature(verifier.parse_note(note(text, *lines)).signatures[0], key=keys[0].key(verifier), text=text)

    return judge


def witnessed(text: str, policy: str = POLICY, *, origin: str | None = None, log: Signer | None = None) -> Judge:
    def judge(verifier: Verifier) -> object:
        keys = None if log is None else [log.key(verifier)]
        return verifier.verify_witnessed(text, policy=verifier.parse_policy(policy.encode()), origin=origin, log_keys=keys)

    return judge


def policy(text: str | bytes) -> Judge:
    return lambda verifier: verifier.parse_policy(text if isinstance(text, bytes) else text.encode())


ALL = note(TEXT, LOG.signed(TEXT), W.cosigned(TEXT), PQ.cosigned(TEXT), CEDAR.cosigned(TEXT))


def good() -> Iterator[Case]:
    for signer in (W, PQ):
        yield Case(f"a cosignature of type {signer.kind}", cosigned(TEXT, signer.cosigned(TEXT)))
        yield Case(f"a cosignature of type {signer.kind} of no time", cosigned(TEXT, signer.cosigned(TEXT, t=0)))
    yield Case("an Ed25519 cosignature of an extension line", cosigned(body(more="more\n"), W.cosigned(body(more="more\n"))))
    long = Signer(4, "b" * 255, 6)
    yield Case("a name of 255 bytes", cosigned(TEXT, long.cosigned(TEXT), keys=(long,)))
    yield Case("a quorum", witnessed(ALL))
    yield Case("a quorum under a named key", witnessed(ALL, log=LOG, origin=ORIGIN))
    yield Case("no quorum asked for", witnessed(NOTE, f"log {LOG.vkey}\nquorum none\n"))
    yield Case("a policy of any witness", policy(f"witness a {W.vkey}\n\n # none\ngroup g any a\nquorum g\n"))
    yield Case("a log that signs by ML-DSA", witnessed(note(TEXT, ML_DSA_LOG.cosigned(TEXT, t=0)), f"log {ML_DSA_LOG.vkey}\nquorum none\n"))
    yield Case("the longest path", request(path=[bytes(32)] * 63))
    yield Case("a size", lambda verifier: verifier.parse_size_answer(b"5\n"))
    yield Case("an answer", lambda verifier: verifier.parse_cosignatures(W.cosigned(TEXT).encode()))


def bad() -> Iterator[Case]:
    for signer in (W, PQ):
        yield from _of(signer)
    yield from _forms()
    yield from _quorums()
    yield from _policies()
    yield from _requests()


def _of(signer: Signer) -> Iterator[Case]:
    what = f"type {signer.kind}: "
    true = base64.b64decode(signer.cosigned(TEXT).split(" ")[2])[4:]
    others = {
        "another size": body(4),
        "another root": body(root=bytes(32)),
        "another log": body(origin="cedar.example/log/2026"),
    }
    for name, text in others.items():
        yield Case(what + f"a cosignature of {name}", cosigned(text, signer.cosigned(TEXT), keys=(signer,)))
    for bit in (0, 63, 64, 300, len(true) * 8 - 1):
        yield Case(what + f"another bit {bit}", cosigned(TEXT, line(signer.name, signer.key_id + flipped(true, bit)), keys=(signer,)))
    yield Case(what + "a time that was not signed", _later(signer, true))
    yield Case(what + "cut short", cosigned(TEXT, line(signer.name, signer.key_id + true[:-1]), keys=(signer,)))
    yield Case(what + "a byte more", cosigned(TEXT, line(signer.name, signer.key_id + true + b"\0"), keys=(signer,)))
    yield Case(what + "no more than a time", cosigned(TEXT, line(signer.name, signer.key_id + true[:8]), keys=(signer,)))
    yield Case(what + "less than a time", cosigned(TEXT, line(signer.name, signer.key_id + true[:7]), keys=(signer,)))
    yield Case(what + "a time behind the end of time", cosigned(TEXT, signer.cosigned(TEXT, t=2**63), keys=(signer,)))
    yield Case(what + "a plain signature of the text", cosigned(TEXT, signer.cosigned(TEXT, message=TEXT), keys=(signer,)))
    yield Case(what + "the other type's message", cosigned(TEXT, signer.cosigned(TEXT, message=_other(signer)), keys=(signer,)))
    yield Case(what + "of what is no checkpoint", cosigned(b"text\n", signer.cosigned(TEXT, message=b"text\n"), keys=(signer,)))
    yield Case(what + "under another name", _named(signer, "cedar.example/witness", signer.key_id))
    yield Case(what + "under another key id", _named(signer, signer.name, b"\0\0\0\0"))


def _later(signer: Signer, true: bytes) -> Judge:
    return cosigned(TEXT, line(signer.name, signer.key_id + struct.pack(">Q", T + 1) + true[8:]), keys=(signer,))


def _other(signer: Signer) -> bytes:
    return cosigned_message(Signer(1, signer.name, 10 - signer.kind), TEXT, T)


def _named(signer: Signer, name: str, key_id: bytes) -> Judge:
    material = base64.b64decode(signer.cosigned(TEXT).split(" ")[2])[4:]

    def judge(verifier: Verifier) -> object:
        (found,) = verifier.parse_note(note(TEXT, line(name, key_id + material))).signatures
        return verifier.verify_cosignature(found, key=signer.key(verifier), text=TEXT)

    return judge


def _forms() -> Iterator[Case]:
    extended = body(more="more\n")
    message = cosigned_message(PQ, extended, T)
    yield Case("an ML-DSA cosignature that leaves a line unsigned", cosigned(extended, PQ.cosigned(extended, message=message)))
    for length in (256, 511):
        long = Signer(4, "b" * length, 6)
        yield Case(f"an ML-DSA cosigner of a name of {length} bytes", cosigned(TEXT, long.cosigned(TEXT), keys=(long,)))
        far = body(origin="b" * length)
        yield Case(f"an ML-DSA cosignature of a log's name of {length} bytes", cosigned(far, PQ.cosigned(far)))
    plain = Signer(1)
    yield Case("a log's own signature for a cosignature", cosigned(TEXT, plain.signed(TEXT), keys=(plain,)))
    yield Case("a log's key that cosigns", cosigned(TEXT, plain.cosigned(TEXT, message=cosigned_message(W, TEXT, T)), keys=(plain,)))
    one, other = COLLIDING_WITNESSES
    yield Case("two known witnesses of one name and key id", cosigned(TEXT, one.cosigned(TEXT), keys=(one, other)))
    yield Case("two known witnesses of one name and key id, the other way", cosigned(TEXT, other.cosigned(TEXT), keys=(one, other)))
    false = line(PQ.name, PQ.key_id + bytes(2428))
    yield Case("a false cosignature beside a true one", cosigned(TEXT, W.cosigned(TEXT), false))


def _quorums() -> Iterator[Case]:
    for left_out in (W, PQ, CEDAR):
        lines = [one.cosigned(TEXT) for one in (W, PQ, CEDAR) if one is not left_out]
        yield Case(f"a quorum without {left_out.name}, type {left_out.kind}", witnessed(note(TEXT, LOG.signed(TEXT), *lines)))
    yield Case("a quorum of nobody", witnessed(NOTE))
    yield Case("one witness twice", witnessed(note(TEXT, LOG.signed(TEXT), W.cosigned(TEXT), W.cosigned(TEXT, t=T + 1))))
    cosignatures = (W.cosigned(TEXT), PQ.cosigned(TEXT), CEDAR.cosigned(TEXT))
    yield Case("a quorum without the log's signature", witnessed(note(TEXT, *cosignatures)))
    yield Case("a quorum over another key's signature", witnessed(note(TEXT, OTHER.signed(TEXT), *cosignatures)))
    yield Case("a quorum over a false signature of the log", witnessed(note(TEXT, line(ORIGIN, LOG.key_id + bytes(64)), *cosignatures)))
    yield Case("a quorum of another checkpoint", witnessed(note(body(4), LOG.signed(body(4)), *cosignatures)))
    yield Case("a log that the policy has not", witnessed(ALL, POLICY.partition("\n")[2]))
    yield Case("another log than was expected", witnessed(ALL, origin="cedar.example/log/2026"))
    cedar = Signer(1, "cedar.example/log/2026")
    yield Case("a named key of another log", witnessed(ALL, log=cedar))
    named = note(TEXT, Signer(1, "cedar.example/log/2026").signed(TEXT), *cosignatures)
    yield Case(
        "a checkpoint that another log's key has signed",
        witnessed(named, POLICY + f"log {Signer(7, 'cedar.example/log/2026').vkey}\n", log=cedar),
    )
    two_logs = f"log {LOG.vkey}\nlog {Signer(7, cedar.name).vkey}\nquorum none\n"
    yield Case(
        "a checkpoint that another log of the policy has signed", witnessed(note(TEXT, Signer(7, cedar.name).signed(TEXT)), two_logs)
    )
    yield Case(
        "a log's ML-DSA signature that is none",
        witnessed(note(TEXT, line(ORIGIN, ML_DSA_LOG.key_id + bytes(2428))), f"log {ML_DSA_LOG.vkey}\nquorum none\n"),
    )


def _policies() -> Iterator[Case]:
    a, b = f"witness a {W.vkey}\n", f"witness b {PQ.vkey}\n"
    for what, text in {
        "without a quorum": a,
        "of two quorums": a + "quorum a\nquorum a\n",
        "of a quorum that no line defines": a + "quorum c\n",
        "of a quorum of two names": a + b + "quorum a b\n",
        "of a quorum of no name": a + "quorum\n",
        "whose last line does not end": a + "quorum a",
        "whose last line, a remark, does not end": a + "quorum a\n# more",
        "with another word": a + "witnesses b\nquorum a\n",
        "with a control character": a + "# \x01\nquorum a\n",
        "with a carriage return": a + "quorum a\r\n",
        "with a log of no key": "log\nquorum none\n",
        "with a log of three words": f"log {LOG.vkey} https://a b\nquorum none\n",
        "with a log whose key cosigns": f"log {W.vkey}\nquorum none\n",
        "with a log's key twice": f"log {LOG.vkey}\nlog {LOG.vkey}\nquorum none\n",
        "with a witness of one word": "witness a\nquorum none\n",
        "with a witness of four words": f"witness a {W.vkey} https://a b\nquorum a\n",
        "with a witness whose key is a log's type": f"witness a {LOG.vkey}\nquorum a\n",
        "with a witness's key twice": a + f"witness b {W.vkey}\nquorum a\n",
        "with a witness's key that is a log's": f"log {Signer(3).vkey}\n" + a + "quorum a\n",
        "with a log's key that is a witness's": a + f"log {Signer(3).vkey}\nquorum a\n",
        "with a witness's key that another type has": a + f"witness b {Signer(3, 'cedar.example', 4).vkey}\nquorum a\n",
        "with two witnesses of one name": a + f"witness a {PQ.vkey}\nquorum a\n",
        "with a witness of the name none": f"witness none {W.vkey}\nquorum none\n",
        "with a key that is none": "witness a b+c+d\nquorum a\n",
        "with a group of no members": a + "group g all\nquorum a\n",
        "with a group whose member comes later": a + "group g any b\n" + b + "quorum g\n",
        "with a group that is its own member": a + "group g any a g\nquorum g\n",
        "with a member twice": a + "group g any a a\nquorum g\n",
        "with a member of two groups": a + b + "group g any a b\ngroup h any a\nquorum g\n",
        "with a group of a witness's name": a + "group a any a\nquorum a\n",
        "with a group of the name none": a + "group none any a\nquorum a\n",
    }.items():
        yield Case(f"a policy {what}", policy(text))
    for rule in ("0", "3", "-1", "+1", "01", "\u0661", "1.0", "most", "1" * 7, ""):
        yield Case(f"a group of the threshold {rule!r}", policy(a + b + f"group g {rule} a b\nquorum g\n"))
    yield Case("a policy of a megabyte", policy(a + "quorum a\n" + ("# " + "x" * 1000 + "\n") * 1_100))
    yield Case("a policy of 5,000 lines", policy(a + "quorum a\n" + "\n" * 5_000))
    yield Case("a policy with a key's name that is not UTF-8", policy(b"witness a \xff+00000000+AQ==\nquorum none\n"))


def request(
    *,
    old: str = "old 3",
    path: list[bytes] | None = None,
    lines: list[str] | None = None,
    blank: str = "\n",
    text: str = NOTE,
    head: bytes = b"",
) -> Judge:
    """An add-checkpoint request that is right but for what is named."""
    hashes = (
        [base64.b64encode(one).decode() for one in (rfc9162.proof(3, ENTRIES[:5]) if path is None else path)] if lines is None else lines
    )
    whole = head + ("\n".join([old, *hashes, ""]) + blank + text).encode()
    return lambda verifier: verifier.parse_add_checkpoint(whole)


def _requests() -> Iterator[Case]:
    for old in ("old 03", "old +3", "old -3", "old", "old ", "old three", "3", "new 3", "old  3", f"old {2**63}", "old \u0663", "old 3 "):
        yield Case(f"a request that begins with {old!r}", request(old=old))
    yield Case("a path of 64 hashes", request(path=[bytes(32)] * 64))
    yield Case("a path with a hash of 31 bytes", request(path=[bytes(31)]))
    yield Case("a path with a hash of 33 bytes", request(path=[bytes(33)]))
    yield Case("a path with loose bits", request(lines=["A" * 42 + "B="]))
    yield Case("a path in another alphabet", request(lines=["_" * 43 + "="]))
    yield Case("a request without an empty line", request(blank="", text=""))
    yield Case("a request without a checkpoint", request(text=""))
    yield Case("a request that is too long", request(text=NOTE + "x" * 2**16))
    yield Case("a request that is not UTF-8", request(head=b"\xff"))
    for answer in (
        b"",
        b"5",
        b"05\n",
        b"+5\n",
        b"5\n\n",
        b"5\n6\n",
        b"five\n",
        b"\xff\n",
        str(2**63).encode() + b"\n",
        b"\n",
        "\u0665\n".encode(),
    ):
        yield Case(f"the size {answer!r}", reading("parse_size_answer", answer))
    one = W.cosigned(TEXT)
    for what, text in {
        "of nothing": b"",
        "that is not UTF-8": b"\xff\n",
        "whose last line does not end": one[:-1].encode(),
        "that is a note": note(TEXT, one).encode(),
        "whose last line ends otherwise": (one[:-1] + " ").encode(),
        "with an empty line": (one + "\n").encode(),
        "that is too long": (one + line("cedar.example", bytes(50_000))).encode(),
        "of 101 lines": (one * 101).encode(),
    }.items():
        yield Case(f"an answer {what}", reading("parse_cosignatures", text))

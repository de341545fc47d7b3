"""Notes, checkpoints and keys that are none, or that nobody signed. Each is as it should be but for the one thing that it is about."""

import base64
from collections.abc import Iterator
from hashlib import sha256

from tests.sdk import rfc9162
from tests.sdk.verifier.evidence import (
    COLLIDING,
    ENTRIES,
    LOG,
    NOTE,
    ORIGIN,
    OTHER,
    TEXT,
    WITNESS,
    Case,
    Judge,
    Signer,
    T,
    Verifier,
    W,
    body,
    flipped,
    line,
    note,
    reading,
)

ROOT = rfc9162.mth(ENTRIES[:5])


def checkpoint(text: str | bytes, *signers: Signer, origin: str = ORIGIN) -> Judge:
    def judge(verifier: Verifier) -> object:
        return verifier.verify_checkpoint(text, origin=origin, keys=[one.key(verifier) for one in signers or (LOG,)])

    return judge


def signed(text: bytes, *more: str) -> Judge:
    """A text that the log has signed, whatever it is."""
    origin = text.decode().partition("\n")[0]
    signer = Signer(1, origin) if origin and not any(one.isspace() for one in origin) and "+" not in origin else LOG
    return checkpoint(note(text, signer.signed(text), *more), signer, origin=origin)


def vkey(text: str) -> Judge:
    return lambda verifier: verifier.parse_vkey(text)


def good() -> Iterator[Case]:
    yield Case("a checkpoint", checkpoint(NOTE))
    yield Case("a checkpoint of nothing", signed(body(0)))
    yield Case("an extension line", signed(body(more="more\n")))
    yield Case("a signature of a key that nobody knows", checkpoint(note(TEXT, OTHER.signed(TEXT), LOG.signed(TEXT))))
    yield Case("a hundred signatures", signed(TEXT, *[line("cedar.example", bytes([n]) * 68) for n in range(99)]))
    yield Case("the largest size", signed(body(2**63 - 1, root=ROOT)))
    yield Case("a key", vkey(LOG.vkey))
    yield Case("an ECDSA key", vkey(_ecdsa()))


def bad() -> Iterator[Case]:
    yield from _signatures()
    yield from _notes()
    yield from _checkpoints()
    yield from _keys()


def _signatures() -> Iterator[Case]:
    true = LOG.sign(TEXT)
    for bit in (0, 200, 511):
        yield Case(f"a signature with another bit {bit}", checkpoint(note(TEXT, line(ORIGIN, LOG.key_id + flipped(true, bit)))))
    yield Case("a signature of another text", checkpoint(note(body(4), LOG.signed(TEXT))))
    yield Case("a signature of zeros", checkpoint(note(TEXT, line(ORIGIN, LOG.key_id + bytes(64)))))
    yield Case("a signature that is too short", checkpoint(note(TEXT, line(ORIGIN, LOG.key_id + true[:63]))))
    yield Case("a false signature beside a true one", checkpoint(note(TEXT, LOG.signed(TEXT), line(ORIGIN, LOG.key_id + bytes(64)))))
    yield Case("no known key has signed", checkpoint(NOTE, OTHER))
    yield Case("no key is known", lambda verifier: verifier.verify_checkpoint(NOTE, origin=ORIGIN, keys=[]))
    yield Case("a true signature under another key id", checkpoint(note(TEXT, line(ORIGIN, OTHER.key_id + true))))
    yield Case("a true signature under another name", checkpoint(note(TEXT, line("cedar.example", LOG.key_id + true))))
    yield Case("the signature of a key of another name", checkpoint(note(TEXT, Signer(1, WITNESS).signed(TEXT)), Signer(1, WITNESS)))
    yield Case("a plain signature of a key that cosigns", checkpoint(note(TEXT, Signer(1, ORIGIN, 4).signed(TEXT)), Signer(1, ORIGIN, 4)))
    yield Case("a cosignature alone", checkpoint(note(TEXT, W.cosigned(TEXT)), W))
    yield Case(
        "a cosignature in the log's own name", checkpoint(note(TEXT, Signer(1, ORIGIN, 4).cosigned(TEXT, t=T)), Signer(1, ORIGIN, 4))
    )
    one, other = COLLIDING
    yield Case("two known keys of one name and key id", checkpoint(note(TEXT, one.signed(TEXT)), one, other))
    yield Case("two known keys of one name and key id, the other way", checkpoint(note(TEXT, other.signed(TEXT)), one, other))


def _notes() -> Iterator[Case]:
    yield Case("a note without an empty line", checkpoint(TEXT.decode() + LOG.signed(TEXT)))
    yield Case("a note that breaks off in its last line", checkpoint(NOTE[:-1]))
    yield Case("a note without signatures", checkpoint(note(TEXT)))
    yield Case("a note of nothing", checkpoint(""))
    yield Case("a note without a text", checkpoint("\n\n" + LOG.signed(b"\n")))
    yield Case("a note that is not UTF-8", checkpoint(NOTE.encode() + b"\xff\n"))
    yield Case("a text that is no UTF-8", checkpoint(NOTE + "\ud800"))
    bare = note(b"", LOG.signed(b"\n"))
    yield Case("a note of an empty line", lambda verifier: verifier.parse_note("\n" + bare))
    yield Case("a note that is written without a signature", lambda verifier: verifier.note_with(TEXT, []))
    yield Case("a note that is written with 101", lambda verifier: verifier.note_with(TEXT, verifier.parse_note(NOTE).signatures * 101))
    yield Case(
        "a note that is written of half a line", lambda verifier: verifier.note_with(TEXT[:-1], verifier.parse_note(NOTE).signatures)
    )
    for control in "\0\r\t\x0b\x0c\x1f":
        yield Case(f"the control character {control!r} in the text", signed(body(more=f"more{control}\n")))
        yield Case(f"the control character {control!r} among the signatures", signed(TEXT, line(f"cedar{control}.example", bytes(68))))
    yield Case("a note that is too long", signed(body(more="x" * 2**18 + "\n")))
    yield Case("101 signatures", signed(TEXT, *[line("cedar.example", bytes([n]) * 68) for n in range(100)]))
    material = base64.b64encode(bytes(68)).decode()
    for what, other in {
        "a hyphen for the dash": f"- cedar.example {material}\n",
        "an en dash for the dash": f"\u2013 cedar.example {material}\n",
        "no name": f"\u2014  {material}\n",
        "a plus in the name": f"\u2014 cedar+example {material}\n",
        "a space that is no space in the name": f"\u2014 cedar\u2003example {material}\n",
        "no bytes": "\u2014 cedar.example \n",
        "no bytes behind the key id": line("cedar.example", bytes(4)),
        "three bytes": line("cedar.example", bytes(3)),
        "bytes in another alphabet": f"\u2014 cedar.example {'-' * 90}==\n",
        "bytes without their padding": f"\u2014 cedar.example {material.rstrip('=')}\n",
        "loose bits": f"\u2014 cedar.example {material[:-2]}B=\n",
        "an empty line": "\n",
        "a line of text": "text\n",
    }.items():
        yield Case(f"a signature line with {what}", signed(TEXT, other))


def _checkpoints() -> Iterator[Case]:
    for size in ("05", "+5", "-5", " 5", "5 ", "\u0665", "5_0", "", "five", str(2**63), "9" * 20, "9" * 5_000, "0x5", "5.0"):
        yield Case(f"a checkpoint of the size {size[:20]!r}, {len(size)}", signed(body(size, root=ROOT)))
    for length in (0, 31, 33):
        yield Case(f"a root of {length} bytes", signed(body(root=(ROOT + b"\0")[:length])))
    encoded = base64.b64encode(ROOT).decode()
    for what, root in {"loose bits": encoded[:-2] + "D=", "no padding": encoded[:-1], "another alphabet": "_" * 43 + "="}.items():
        yield Case(f"a root with {what}", signed(f"{ORIGIN}\n5\n{root}\n".encode()))
    yield Case("a checkpoint of no origin", checkpoint(note(body(origin=""), LOG.signed(body(origin=""))), origin=""))
    for origin in ("alder example", "alder.example+log", "alder\u2003example", "alder\u0085example"):
        text = body(origin=origin)
        yield Case(f"a checkpoint of the origin {origin!r}", reading("parse_checkpoint", text))
    yield Case("a checkpoint without an origin", lambda verifier: verifier.parse_checkpoint(body(origin="")))
    yield Case("a checkpoint that is written of no origin", lambda verifier: verifier.checkpoint_body("", 5, ROOT))
    yield Case(
        "a checkpoint with a control character in its origin", lambda verifier: verifier.parse_checkpoint(body(origin="alder\1example"))
    )
    yield Case("a checkpoint that is not UTF-8", lambda verifier: verifier.parse_checkpoint(b"\xff" + TEXT))
    yield Case("a checkpoint whose last line does not end", lambda verifier: verifier.parse_checkpoint(TEXT[:-1]))
    yield Case("an extension whose line does not end", lambda verifier: verifier.parse_checkpoint(body(more="more")))
    yield Case("an empty extension line", lambda verifier: verifier.parse_checkpoint(body(more="\nmore\n")))
    yield Case("a checkpoint of two lines", lambda verifier: verifier.parse_checkpoint(f"{ORIGIN}\n5\n".encode()))
    yield Case("a checkpoint of another log", checkpoint(NOTE, origin="cedar.example/log/2026"))
    cedar = Signer(1, "cedar.example/log/2026")
    foreign = body(origin=cedar.name)
    yield Case(
        "another log's checkpoint, signed by both", checkpoint(note(foreign, LOG.signed(foreign), cedar.signed(foreign)), LOG, cedar)
    )


def _keys() -> Iterator[Case]:
    name, key_id, encoded = LOG.vkey.split("+", 2)
    yield Case("a key with another key id", vkey(f"{name}+00000000+{encoded}"))
    yield Case("a key under another name", vkey(f"cedar.example+{key_id}+{encoded}"))
    yield Case("a key whose id is in capitals", vkey(f"{name}+{key_id.upper()}+{encoded}"))
    yield Case("a key that breaks off", vkey(f"{name}+{key_id}"))
    yield Case("a key in another alphabet", vkey(f"{name}+{key_id}+{'_' * 44}"))
    yield Case("a key that is none", vkey(""))
    yield Case("a key of another text", vkey(f"{name}+{key_id}+{encoded}\n"))
    for what, other in {
        "of the type 0": _vkey(name, bytes([0]) + LOG.public),
        "of the type 255": _vkey(name, bytes([255]) + LOG.public),
        "of 31 bytes": _vkey(name, b"\1" + LOG.public[:31]),
        "of 33 bytes": _vkey(name, b"\1" + LOG.public + b"\0"),
        "of another type's length": _vkey(name, b"\6" + LOG.public),
        "without bytes": _vkey(name, b"\1"),
        "without bytes, of a type of any length": _vkey(name, b"\3"),
        "without a type": _vkey(name, b""),
        "without a name": _vkey("", b"\1" + LOG.public),
        "with a space in its name": _vkey("alder example", b"\1" + LOG.public),
        "with a control character in its name": _vkey("alder\1example", b"\1" + LOG.public),
    }.items():
        yield Case(f"a key {what}", vkey(other))
    yield Case("a key of no bytes", lambda verifier: verifier.VerifierKey(name, 3, b""))
    yield Case("an ECDSA key with the id of another type", vkey(_vkey(name, b"\2" + bytes(91))))


def _vkey(name: str, material: bytes) -> str:
    key_id = sha256(name.encode() + b"\n" + material).hexdigest()[:8]
    return f"{name}+{key_id}+{base64.b64encode(material).decode()}"


def _ecdsa() -> str:
    public = bytes(91)
    return f"{ORIGIN}+{sha256(public).hexdigest()[:8]}+{base64.b64encode(bytes([2]) + public).decode()}"

"""What the suite of bad evidence is made of: a verifier to be tried, real keys, and forms that the SDK itself would refuse to write.

A case takes the verifier and has it judge one piece of evidence; it refuses by a SuiteError, or the case has found a blind verifier.
"""

import base64
import importlib
import signal
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from types import ModuleType
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from safepassage.problems import SuiteError
from tests.sdk import rfc9162

NAMES: Final = (
    "bundles",
    "proofs",
    "notes",
    "checkpoints",
    "cosignatures",
    "tlog_proof",
    "tlog_policy",
    "tlog_witness",
    "offline.stored_log",
    "offline.frontier",
    "offline.whole_log",
    "offline.log_folder",
    "offline.log_database",
)
"""The modules that are the verifier, each after those that it imports."""

ORIGIN: Final = "alder.example/log/2026"
WITNESS: Final = "birch.example/witness"
T: Final = 1_790_000_000
ENTRIES: Final = [f"entry {n}".encode() for n in range(72)]
PATH: Final = rfc9162.path(2, ENTRIES[:5])


class Verifier:
    """The modules of one verifier, whole or broken."""

    def __init__(self, modules: dict[str, ModuleType] | None = None) -> None:
        self._modules = modules or {name: importlib.import_module(f"safepassage.{name}") for name in NAMES}

    def __getattr__(self, name: str) -> Any:
        """A module, or what one of them defines."""
        for module in self._modules.values():
            if name in vars(module):
                return vars(module)[name]
        raise AttributeError(name)


Judge = Callable[[Verifier], Any]


def reading(name: str, data: object) -> Judge:
    """What a function of the verifier that reads a form says to `data`."""
    return lambda verifier: getattr(verifier, name)(data)


class Case(NamedTuple):
    """One piece of evidence."""

    name: str
    judge: Judge


def refuses(verifier: Verifier, case: Case) -> bool:
    """The verifier says what is wrong. Any other error than a SuiteError is no refusal: somebody may take it for a fault of the network."""
    try:
        case.judge(verifier)
    except SuiteError:
        return True
    except TimeoutError:
        raise
    except Exception:
        return False
    return False


@contextmanager
def in_time(seconds: float = 1.5) -> Iterator[None]:
    """Raises TimeoutError in a verifier that has computed so long: some of those with a hole never end."""

    def stop(_: int, __: object) -> None:
        raise TimeoutError

    held = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, held)


class Signer:
    """A key that signs whatever it is given, under any name and as any type."""

    def __init__(self, seed: int, name: str = ORIGIN, kind: int = 1) -> None:
        self.name, self.kind = name, kind
        self._private: Ed25519PrivateKey | MLDSA44PrivateKey
        if kind == 6:
            self._private = MLDSA44PrivateKey.from_seed_bytes(seed.to_bytes(32, "big"))
        else:
            self._private = Ed25519PrivateKey.from_private_bytes(seed.to_bytes(32, "big"))
        self.public = self._private.public_key().public_bytes_raw()

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"

    def key(self, verifier: Verifier) -> Any:
        return verifier.VerifierKey(self.name, self.kind, self.public)

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)

    def signed(self, text: bytes) -> str:
        """The line of a log's own signature."""
        return line(self.name, self.key_id + self.sign(text))

    def cosigned(self, text: bytes, *, t: int = T, message: bytes | None = None) -> str:
        """The line of a cosignature, also of a message that no cosigner would sign."""
        signed = self.sign(cosigned_message(self, text, t) if message is None else message)
        return line(self.name, self.key_id + struct.pack(">Q", t) + signed)


def cosigned_message(signer: Signer, text: bytes, t: int) -> bytes:
    """As tlog-cosignature has it, without a check of anything."""
    if signer.kind == 4:
        return f"cosignature/v1\ntime {t}\n".encode() + text
    origin, size, root = text.decode().split("\n")[:3]
    names = signer.name.encode(), origin.encode()
    head = b"subtree/v1\n\0" + bytes([len(names[0]) & 0xFF]) + names[0] + struct.pack(">Q", t)
    return head + bytes([len(names[1]) & 0xFF]) + names[1] + struct.pack(">QQ", 0, int(size)) + base64.b64decode(root)


def line(name: str, material: bytes) -> str:
    """A signature line with these bytes."""
    return f"\u2014 {name} {base64.b64encode(material).decode()}\n"


def body(size: int | str = 5, *, root: bytes | None = None, origin: str = ORIGIN, more: str = "") -> bytes:
    """The text of a checkpoint, or of what looks like one."""
    digest = rfc9162.mth(ENTRIES[: int(size)]) if root is None else root
    return f"{origin}\n{size}\n{base64.b64encode(digest).decode()}\n{more}".encode()


def note(text: bytes, *lines: str) -> str:
    return text.decode() + "\n" + "".join(lines)


LOG: Final = Signer(1)
OTHER: Final = Signer(2)
W: Final = Signer(3, WITNESS, 4)
PQ: Final = Signer(4, WITNESS, 6)
COLLIDING: Final = Signer(142_082), Signer(177_365)
"""Two keys of the log's name with one key id (508cbd57): found by trying, as whoever wants one can."""
COLLIDING_WITNESSES: Final = Signer(30_349, WITNESS, 4), Signer(113_204, WITNESS, 4)
TEXT: Final = body()
NOTE: Final = note(TEXT, LOG.signed(TEXT))


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def spoiled(path: Sequence[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """Paths that are not this one, each with what was done."""
    for at, digest in enumerate(path):
        for bit in (0, 133, 255):
            yield f"bit {bit} of hash {at} is another", [*path[:at], flipped(digest, bit), *path[at + 1 :]]
        yield f"hash {at} is left out", [*path[:at], *path[at + 1 :]]
        yield f"hash {at} is there twice", [*path[: at + 1], *path[at:]]
        yield f"hash {at} has 31 bytes", [*path[:at], digest[:31], *path[at + 1 :]]
        yield f"hash {at} has 33 bytes", [*path[:at], digest + b"\0", *path[at + 1 :]]
    for at in range(len(path) - 1):
        yield f"hashes {at} and {at + 1} are swapped", [*path[:at], path[at + 1], path[at], *path[at + 2 :]]
        moved = path[at] + path[at + 1]
        yield f"a byte of hash {at + 1} is at the end of hash {at}", [*path[:at], moved[:33], moved[33:], *path[at + 2 :]]
    yield "a hash is added", [*path, bytes(32)]
    if path:
        yield "it is empty", []

"""The keys with which this node witnesses other nodes' logs: one for each type of cosignature, under one name.

A witness's key is trusted with what it has seen: whoever holds it can say of a forked log that it is whole, until it is replaced in the
policies of those who count on it. It signs no checkpoint of our own log.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from safepassage.cosignatures import cosignature_line
from safepassage.notes import ED25519_COSIGNATURE, ML_DSA_44_COSIGNATURE, SignatureLine, VerifierKey
from shared.keys import KeyFileUnusable, SigningKey
from shared.ml_dsa_keys import MlDsaKey


class KeyFiles(NamedTuple):
    """Where both keys of one role lie."""

    ed25519: str
    ml_dsa: str


FILES: Final = KeyFiles("witness.json", "witness-ml-dsa-44.json")
LOG_FILE: Final = "log.json"


def witness_name(host: str) -> str:
    """The name of a node's witness: a URL without scheme, as a log's origin is."""
    return f"{host}/witness"


class WitnessKeys:
    """Cosigns checkpoints with both keys."""

    def __init__(self, name: str, ed25519: SigningKey, ml_dsa: MlDsaKey) -> None:
        self._signers: tuple[tuple[VerifierKey, Callable[[bytes], bytes]], ...] = (
            (VerifierKey(name, ED25519_COSIGNATURE, ed25519.public.public_bytes_raw()), ed25519.sign),
            (VerifierKey(name, ML_DSA_44_COSIGNATURE, ml_dsa.public), ml_dsa.sign),
        )

    @classmethod
    def of(cls, folder: Path, host: str) -> "WitnessKeys | None":
        """The two keys in a folder; None where there is neither: then the node witnesses nobody. Raises KeyFileUnusable."""
        return cls.read(folder, FILES, witness_name(host), apart_from=(LOG_FILE,))

    @classmethod
    def read(cls, folder: Path, files: KeyFiles, name: str, *, apart_from: Sequence[str]) -> "WitnessKeys | None":
        """The keys of a role; None where there is neither. Raises KeyFileUnusable, also where the Ed25519 key is in one of `apart_from`.

        Ed25519 cosignatures commit to no name: a key that does anything else as well could be made to say what it did not see.
        """
        paths = [folder / file for file in files]
        present = [path.exists() for path in paths]
        if not any(present):
            return None
        if not all(present):
            raise KeyFileUnusable(f"{files.ed25519} and {files.ml_dsa} go together: one of them is missing")
        key = SigningKey.load(paths[0])
        for other in apart_from:
            if (folder / other).exists() and SigningKey.load(folder / other).kid == key.kid:
                raise KeyFileUnusable(f"{files.ed25519} is the key {other} too: each has to be a key of its own")
        return cls(name, key, MlDsaKey.load(paths[1]))

    @staticmethod
    def create(folder: Path, files: KeyFiles = FILES) -> None:
        """Make both keys, or the one that is missing after an interruption. Raises FileExistsError if both are there."""
        ed25519, ml_dsa = (folder / file for file in files)
        if ed25519.exists() and ml_dsa.exists():
            raise FileExistsError
        if not ed25519.exists():
            SigningKey.generate().save(ed25519)
        if not ml_dsa.exists():
            MlDsaKey.generate().save(ml_dsa)

    @property
    def verifiers(self) -> tuple[VerifierKey, ...]:
        """The public halves."""
        return tuple(key for key, _ in self._signers)

    def cosign(self, text: bytes, timestamp: int) -> list[SignatureLine]:
        """A line of each key under a checkpoint's `text`; of Ed25519 alone where ML-DSA-44 would leave something of it unsigned."""
        covered = self._signers if text.count(b"\n") == 3 else self._signers[:1]
        return [cosignature_line(key, text=text, timestamp=timestamp, sign=sign) for key, sign in covered]

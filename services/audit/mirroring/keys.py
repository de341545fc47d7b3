"""The keys with which this node says that it keeps another node's log: one for each type of cosignature, under a name of its own.

A mirror's key is trusted with what it keeps: whoever holds it can say that a copy is here which is not. It witnesses nothing.
"""

from pathlib import Path
from typing import Final

from services.audit.witnessing.keys import ED25519_FILE as WITNESS_FILE
from services.audit.witnessing.keys import WitnessKeys
from shared.keys import KeyFileUnusable, SigningKey
from shared.ml_dsa_keys import MlDsaKey

ED25519_FILE: Final = "mirror.json"
ML_DSA_FILE: Final = "mirror-ml-dsa-44.json"


def mirror_keys(folder: Path, host: str) -> WitnessKeys | None:
    """The two keys in a folder; None where there is neither: then the node mirrors nobody. Raises KeyFileUnusable."""
    paths = folder / ED25519_FILE, folder / ML_DSA_FILE
    present = [path.exists() for path in paths]
    if not any(present):
        return None
    if not all(present):
        raise KeyFileUnusable(f"{ED25519_FILE} and {ML_DSA_FILE} go together: one of them is missing")
    key = SigningKey.load(paths[0])
    # Ed25519 cosignatures commit to no name: a witness's cosignature under the same key would say that the log is kept here.
    for other in (WITNESS_FILE, "log.json"):
        if (folder / other).exists() and SigningKey.load(folder / other).kid == key.kid:
            raise KeyFileUnusable(f"{ED25519_FILE} is the key {other}: a mirror has a key of its own")
    return WitnessKeys(f"{host}/mirror", key, MlDsaKey.load(paths[1]))


def create_mirror_keys(folder: Path) -> None:
    """Make both keys, or the one that is missing after an interruption. Raises FileExistsError if both are there."""
    ed25519, ml_dsa = folder / ED25519_FILE, folder / ML_DSA_FILE
    if ed25519.exists() and ml_dsa.exists():
        raise FileExistsError
    if not ed25519.exists():
        SigningKey.generate().save(ed25519)
    if not ml_dsa.exists():
        MlDsaKey.generate().save(ml_dsa)

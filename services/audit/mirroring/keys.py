"""The keys with which this node says that it keeps another node's log: one for each type of cosignature, under a name of its own.

A mirror's key is trusted with what it keeps: whoever holds it can say that a copy is here which is not. It witnesses nothing.
"""

from pathlib import Path
from typing import Final

from services.audit.witnessing.keys import FILES as WITNESS_FILES
from services.audit.witnessing.keys import LOG_FILE, KeyFiles, WitnessKeys

FILES: Final = KeyFiles("mirror.json", "mirror-ml-dsa-44.json")


def mirror_keys(folder: Path, host: str) -> WitnessKeys | None:
    """The two keys in a folder; None where there is neither: then the node mirrors nobody. Raises KeyFileUnusable."""
    return WitnessKeys.read(folder, FILES, f"{host}/mirror", apart_from=(WITNESS_FILES.ed25519, LOG_FILE))


def create_mirror_keys(folder: Path) -> None:
    """Make both keys, or the one that is missing after an interruption. Raises FileExistsError if both are there."""
    WitnessKeys.create(folder, FILES)

"""A pack: the rules of one jurisdiction and kind, as a person reads them (`packs/*.cedar`) and as they are served (`est/*.json`).

The EST is checked in beside the text with the text's hash; the service starts from it alone, without Cedar's parser.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from services.privacy.policy.broken import PolicySetBroken
from services.privacy.policy.expressions import Est

HERE = Path(__file__).parent
TEXTS, ESTS, SCHEMA = HERE / "packs", HERE / "est", HERE / "schema.cedarschema"

FEDERAL = "US"
Kind = Literal["permits", "forbids", "obligations"]


@dataclass(frozen=True)
class Pack:
    """One file of rules."""

    name: str
    """`us.permits.consent`: jurisdiction, kind, and what it is about."""
    text_sha256: str
    policies: Mapping[str, Est]
    """By id."""

    @property
    def jurisdiction(self) -> str:
        """`US` or `US-CA`."""
        return self.name.partition(".")[0].upper()

    @property
    def kind(self) -> Kind:
        """What its policies are for. Raises PolicySetBroken."""
        parts = self.name.split(".")
        for kind in ("permits", "forbids", "obligations"):
            if parts[1:2] == [kind]:
                return kind
        raise PolicySetBroken(f"{self.name}: the name does not say what the pack holds")

    def dumped(self) -> str:
        """The checked-in form."""
        document = {"v": 1, "text_sha256": self.text_sha256, "policies": self.policies}
        return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=True) + "\n"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_packs(ests: Path = ESTS, texts: Path = TEXTS) -> tuple[Pack, ...]:
    """The packs from their checked-in ESTs, by name. Raises PolicySetBroken where a text and its EST are not of one another."""
    names = sorted(path.stem for path in ests.glob("*.json"))
    if not names or names != sorted(path.stem for path in texts.glob("*.cedar")):
        raise PolicySetBroken("each text has its EST, and each EST its text")
    return tuple(_read(name, ests, texts) for name in names)


def _read(name: str, ests: Path, texts: Path) -> Pack:
    try:
        document = json.loads((ests / f"{name}.json").read_bytes())
        pack = Pack(name, document["text_sha256"], document["policies"])
        version = document["v"]
    except (ValueError, KeyError, TypeError) as error:
        raise PolicySetBroken(f"{name}: the EST cannot be read") from error
    if version != 1 or pack.text_sha256 != sha256_of(texts / f"{name}.cedar"):
        raise PolicySetBroken(f"{name}: the EST was not made from this text")
    return pack

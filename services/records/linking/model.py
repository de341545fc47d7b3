"""The trained model as data: Splink's settings with every probability, the thresholds, and where both come from. Pure."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from services.records.linking.verdicts import Thresholds

FILE: Final = Path(__file__).with_name("link_model.json")


@dataclass(frozen=True)
class LinkModel:
    """What a job runs by."""

    settings: dict[str, Any]
    """Splink's, for finding doubles in one set."""
    thresholds: Thresholds
    provenance: dict[str, Any]
    """Trained on what, chosen on what, with which figures."""

    def linking(self, link_type: str) -> dict[str, Any]:
        """The settings for `dedupe_only` (doubles in one set) or `link_only` (one set to another)."""
        return self.settings | {"link_type": link_type}


@cache
def link_model() -> LinkModel:
    """The model of this version."""
    said = json.loads(FILE.read_text())
    return LinkModel(said["settings"], Thresholds(**said["thresholds"]), said["provenance"])

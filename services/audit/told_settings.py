"""That a setting by which the log tells, keeps or is witnessed is another now, in the log itself: who makes it tell less is seen to have.

As for keys (shared.key_rings): with what a service begins is no change, and each change is one entry, whoever appends it and how often.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from safepassage.canonical import digest_of, digest_of_json
from services.audit.alerts.thresholds import Thresholds
from services.audit.settings import AuditSettings
from shared.contracts.audit import Actor, AuditClass, Context, Digests, Event
from shared.key_rings import Ring

CHANGED: Final = "log-settings-changed"
_NO_FILE: Final = b""


@dataclass(frozen=True)
class SettingRing(Ring):
    """A setting at an instant."""

    class_: AuditClass


def setting_rings(settings: AuditSettings) -> Iterator[SettingRing]:
    """Each with the digest of what it says. Raises OSError."""
    said: dict[str, tuple[AuditClass, str]] = {
        "alert_thresholds": ("alert", _of_thresholds(settings.alert_thresholds)),
        "retention_years": ("destruction", digest_of_json(settings.retention_years)),
        "disclosure_copy_days": ("export", digest_of_json({"days": settings.disclosure_copy_days})),
        "destination_hosts": ("export", digest_of_json({"hosts": list(settings.destination_hosts)})),
        "destination_authorities": ("export", _of_file(settings.destination_authorities_file)),
        "witness_policy": ("witness", _of_file(settings.witness_policy_file)),
        "mirror_policy": ("witness", _of_file(settings.mirror_policy_file)),
    }
    for name, (class_, mark) in said.items():
        context = Context(operation=CHANGED, outcome="done", about=f"settings:audit:{name}")
        yield SettingRing(name, mark, context, class_)


def changed_event(ring: SettingRing, *, key: str) -> Event:
    """What the log is told: which setting, and the digest of what it says now."""
    values: dict[str, Any] = {"class": ring.class_, "key": key, "actor": Actor(kind="system", job=ring.name), "context": ring.changed}
    return Event.model_validate(values | {"digests": Digests(ct=ring.mark)})


def _of_thresholds(thresholds: Thresholds) -> str:
    """Of JSON, since canonical bytes hold no fractions."""
    said = thresholds.model_dump() | {"working_days": sorted(thresholds.working_days)}
    return digest_of(json.dumps(said, sort_keys=True).encode())


def _of_file(file: Path | None) -> str:
    return digest_of(_NO_FILE if file is None else file.read_bytes())

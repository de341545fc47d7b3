"""Entries as events of the Open Cybersecurity Schema Framework, for a SIEM. Pure.

Pinned to OCSF 1.8.0: 6005 Datastore Activity for what was read, searched or exported, 6003 API Activity for everything else. What OCSF
has no attribute for (purpose, legal basis, elements, students) is in `unmapped`, by the names that the log has for it. The user is who had
signed in, where somebody had, and otherwise the client; the endpoint is named by the client.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.audit.exports.exported import ExportedEntry

VERSION: Final = "1.8.0"
_CATEGORY: Final = (6, "Application Activity")
_API, _DATASTORE = (6003, "API Activity"), (6005, "Datastore Activity")
_OTHER: Final = (99, "Other")
_DATASTORE_ACTIVITIES: Final[Mapping[str, tuple[int, str]]] = {
    "read": (1, "Read"), "disclosure": (1, "Read"), "search": (4, "Query"), "export": (8, "List"), "load": (5, "Write"),
    "received": (5, "Write"), "destruction": (7, "Delete"),
}  # fmt: skip
_API_ACTIVITIES: Final[Mapping[str, tuple[int, str]]] = {
    "request": (2, "Read"), "match": (2, "Read"), "consent": (1, "Create"), "agreement": (1, "Create"), "opt-out": (1, "Create"),
    "rights": (1, "Create"), "receipt": (1, "Create"), "policy": (3, "Update"), "administration": (3, "Update"),
    "disclosure-withdrawn": (4, "Delete"),
}  # fmt: skip
_INFORMATIONAL, _LOW, _MEDIUM = (1, "Informational"), (2, "Low"), (3, "Medium")
_FAILURES: Final = frozenset({"deny", "refused", "failed"})
_OF_THE_LOG: Final = frozenset({"destruction", "export", "search"})
_MAPPED: Final = frozenset({"exchange_id", "operation", "outcome"})
"""Members of a context that have an attribute of their own."""


def as_ocsf(entries: Sequence[ExportedEntry], *, entity_id: str, product_version: str) -> bytes:
    """An event a line, each ended by a line feed."""
    events = (ocsf_event(entry, entity_id=entity_id, product_version=product_version) for entry in entries)
    return b"".join(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for event in events)


def ocsf_event(entry: ExportedEntry, *, entity_id: str, product_version: str) -> dict[str, Any]:
    """One entry as an event."""
    actor, context = entry.actor or {}, entry.context or {}
    class_uid, class_name = _DATASTORE if entry.class_ in _DATASTORE_ACTIVITIES else _API
    activity_id, activity = _DATASTORE_ACTIVITIES.get(entry.class_) or _API_ACTIVITIES.get(entry.class_, _OTHER)
    failed = context.get("outcome") in _FAILURES or entry.class_ == "refusal"
    severity_id, severity = _MEDIUM if entry.class_ == "alert" else _LOW if failed else _INFORMATIONAL
    milliseconds = int(entry.logged_at.timestamp() * 1000)
    by = actor.get("client_id") or actor.get("person") or actor.get("job") or actor.get("kind") or "unknown"
    metadata = {
        "version": VERSION,
        "uid": entry.entry_id,
        "sequence": entry.index,
        "log_name": entry.log,
        "logged_time": milliseconds,
        "tenant_uid": entity_id,
        "product": {"name": "Safe Passage", "vendor_name": "Safe Passage", "version": product_version},
    }
    if "exchange_id" in context:
        metadata["correlation_uid"] = context["exchange_id"]
    event: dict[str, Any] = {
        "category_uid": _CATEGORY[0],
        "category_name": _CATEGORY[1],
        "class_uid": class_uid,
        "class_name": class_name,
        "activity_id": activity_id,
        "activity_name": entry.class_ if activity_id == _OTHER[0] else activity,
        "type_uid": class_uid * 100 + activity_id,
        "severity_id": severity_id,
        "severity": severity,
        "status_id": 2 if failed else 1,
        "status": "Failure" if failed else "Success",
        "time": milliseconds,
        "metadata": metadata,
        "actor": {"user": _user(actor, by), "app_name": by},
        "src_endpoint": {"name": by} | ({"ip": actor["address"]} if "address" in actor else {}),
        "unmapped": _unmapped(entry, actor, context),
    }
    if "outcome" in context:
        event["status_code"] = context["outcome"]
    if class_uid == _DATASTORE[0]:
        event["database"] = {"name": "audit log" if entry.class_ in _OF_THE_LOG else "student records", "type_id": 99, "type": "Other"}
    else:
        event["api"] = {"operation": context.get("operation", entry.class_), "service": {"name": entity_id}}
    return event


def _user(actor: Mapping[str, Any], by: str) -> dict[str, Any]:
    kinds = {"client": (3, "System"), "peer": (3, "System"), "system": (3, "System"), "operator": (2, "Admin"), "person": (1, "User")}
    type_id, type_name = kinds.get("person" if "person" in actor else actor.get("kind", ""), (0, "Unknown"))
    user: dict[str, Any] = {"uid": actor.get("person", by), "type_id": type_id, "type": type_name}
    if "organisation_id" in actor:
        user["org"] = {"uid": actor["organisation_id"]}
    return user


def _unmapped(entry: ExportedEntry, actor: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    more: dict[str, Any] = {name: value for name, value in context.items() if name not in _MAPPED}
    more |= {f"actor_{name}": actor[name] for name in ("acting_for", "for_client", "key", "profile", "role") if name in actor}
    if entry.student_ids:
        more["student_ids"] = list(entry.student_ids)
    if entry.policy_hash is not None:
        more["policy_hash"] = entry.policy_hash
    return more | {"class": entry.class_, "destroyed": entry.destroyed}

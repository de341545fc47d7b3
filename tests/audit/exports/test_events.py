"""What an entry is as an event of OCSF, member by member: a SIEM's rules are written against these numbers."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pyarrow.parquet as pq
import pytest

from services.audit.exports.ocsf import ocsf_event
from services.audit.exports.tables import as_csv, as_json_lines, as_parquet
from shared.contracts.audit import Actor
from tests.audit.exports.test_formats import CLASSES, entry

AT = datetime(2026, 10, 20, 12, tzinfo=UTC)

DATASTORE = {
    "read": (1, "Read"),
    "disclosure": (1, "Read"),
    "search": (4, "Query"),
    "export": (8, "List"),
    "load": (5, "Write"),
    "received": (5, "Write"),
    "destruction": (7, "Delete"),
}
API = {
    "request": (2, "Read"),
    "match": (2, "Read"),
    "consent": (1, "Create"),
    "agreement": (1, "Create"),
    "opt-out": (1, "Create"),
    "rights": (1, "Create"),
    "receipt": (1, "Create"),
    "policy": (3, "Update"),
    "administration": (3, "Update"),
    "disclosure-withdrawn": (4, "Delete"),
}


def event(class_: str = "disclosure", **changes: Any) -> dict[str, Any]:
    return ocsf_event(entry(class_, **changes), entity_id="https://alder.example", product_version="1")


@pytest.mark.parametrize("class_", CLASSES)
def test_each_class_of_entries_is_one_activity_of_one_class_of_events(class_: str) -> None:
    told = event(class_, context={"operation": "op"})
    uid, name = (6005, "Datastore Activity") if class_ in DATASTORE else (6003, "API Activity")
    number, activity = DATASTORE.get(class_) or API.get(class_, (99, class_))
    assert (told["class_uid"], told["class_name"], told["category_uid"]) == (uid, name, 6)
    assert (told["activity_id"], told["activity_name"], told["type_uid"]) == (number, activity, uid * 100 + number)
    where = {"search": "audit log", "export": "audit log", "destruction": "audit log"}.get(class_, "student records")
    if class_ in DATASTORE:
        assert (told["database"]["name"], "api" in told) == (where, False)
    else:
        assert (told["api"], "database" in told) == ({"operation": "op", "service": {"name": "https://alder.example"}}, False)


@pytest.mark.parametrize(
    ("class_", "outcome", "failed"),
    [
        ("decision", "deny", True),
        ("search", "refused", True),
        ("receipt", "failed", True),
        ("refusal", "other", True),
        ("decision", "permit", False),
        ("disclosure", "delivered", False),
    ],
)
def test_what_did_not_come_to_pass_is_a_failure(class_: str, outcome: str, failed: bool) -> None:
    told = event(class_, context={"outcome": outcome})
    expected = (2, "Failure", 2, "Low", outcome) if failed else (1, "Success", 1, "Informational", outcome)
    assert (told["status_id"], told["status"], told["severity_id"], told["severity"], told["status_code"]) == expected


def test_an_event_is_found_again_by_entry_index_exchange_and_instant_in_milliseconds() -> None:
    exchange, one = str(uuid4()), entry(index=41)
    told = event(index=41, entry_id=one.entry_id, context={"exchange_id": exchange, "purpose": "enrollment"})
    metadata = told["metadata"]
    assert told["time"] == metadata["logged_time"] == int(AT.timestamp()) * 1000
    assert (metadata["uid"], metadata["sequence"], metadata["correlation_uid"]) == (one.entry_id, 41, exchange)
    assert (metadata["log_name"], metadata["tenant_uid"], metadata["version"]) == (one.log, "https://alder.example", "1.8.0")
    assert "exchange_id" not in told["unmapped"], "it has an attribute of its own"
    assert told["unmapped"]["purpose"] == "enrollment"
    assert "correlation_uid" not in event(context={})["metadata"]


@pytest.mark.parametrize(
    ("actor", "by", "user", "type_"),
    [
        ({"kind": "client", "client_id": "sis"}, "sis", "sis", (3, "System")),
        ({"kind": "client", "client_id": "console", "person": "p"}, "console", "p", (1, "User")),
        ({"kind": "system", "job": "alerts"}, "alerts", "alerts", (3, "System")),
        ({"kind": "operator"}, "operator", "operator", (2, "Admin")),
        ({"kind": "peer", "key": "k"}, "peer", "peer", (3, "System")),
        (None, "unknown", "unknown", (0, "Unknown")),
    ],
)
def test_the_user_is_the_person_and_otherwise_whatever_acted(
    actor: dict[str, str] | None, by: str, user: str, type_: tuple[int, str]
) -> None:
    told = event(actor=actor)
    shown = told["actor"]["user"]
    assert (told["actor"]["app_name"], told["src_endpoint"], shown["uid"]) == (by, {"name": by}, user)
    assert (shown["type_id"], shown["type"]) == type_


def test_address_and_organisation_have_attributes_and_what_has_none_is_told_beside_them() -> None:
    kept = {"acting_for": "a", "for_client": "b", "key": "k", "profile": "f", "role": "auditor"}
    actor = Actor(kind="client", client_id="sis").model_dump(mode="json", exclude_defaults=True)
    students = (str(uuid4()), str(uuid4()))
    told = event(actor={**actor, "address": "192.0.2.7", "organisation_id": "o", **kept}, policy_hash="A" * 43, student_ids=students)
    assert told["src_endpoint"] == {"name": "sis", "ip": "192.0.2.7"}
    assert told["actor"]["user"]["org"] == {"uid": "o"}
    unmapped = told["unmapped"]
    assert {name.removeprefix("actor_"): unmapped[name] for name in unmapped if name.startswith("actor_")} == kept
    assert (unmapped["student_ids"], unmapped["policy_hash"]) == (list(students), "A" * 43)
    assert (unmapped["class"], unmapped["destroyed"]) == ("disclosure", False)
    gone = event(actor=None, context=None, student_ids=())
    assert gone["unmapped"] == {"class": "disclosure", "destroyed": True}
    assert gone["metadata"]["uid"]


def test_a_table_has_each_value_in_a_cell_of_its_kind() -> None:
    context = {
        "count": 3,
        "peer_index": 8,
        "trust_serial": 9,
        "citations": ["34 CFR 99.31", "99.33"],
        "elements": [],
        "policies": ["a", "b"],
    }
    actor = {"kind": "client", "client_id": "sis", "role": "auditor"}
    told, gone = entry(context=context, actor=actor), entry(context=None, actor=None, student_ids=())
    (row, _) = csv.DictReader(io.StringIO(as_csv([told, gone]).decode(), newline=""))
    assert (row["count"], row["peer_index"], row["trust_serial"], row["citations"]) == ("3", "8", "9", "34 CFR 99.31 99.33")
    assert (row["actor_client_id"], row["actor_role"], row["logged_at"]) == ("sis", "auditor", "2026-10-20T12:00:00Z")
    (one, other) = pq.read_table(io.BytesIO(as_parquet([told, gone]))).to_pylist()
    assert (one["count"], one["peer_index"], one["trust_serial"]) == (3, 8, 9)
    assert (one["citations"], one["policies"], one["logged_at"]) == (["34 CFR 99.31", "99.33"], ["a", "b"], AT)
    assert (one["actor_role"], other["actor_role"], other["count"]) == ("auditor", None, None)
    lines = [json.loads(line) for line in as_json_lines([told, gone]).splitlines()]
    assert [(line["actor"], line["context"], line["destroyed"]) for line in lines] == [(actor, context, False), (None, None, True)]

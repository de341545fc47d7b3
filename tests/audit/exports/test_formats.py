"""Each format says the same of an entry, and nothing runs that a spreadsheet or a SIEM reads."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import uuid4

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.canonical import digest_of
from services.audit.exports.exported import COLUMNS, ExportedEntry
from services.audit.exports.ocsf import as_ocsf, ocsf_event
from services.audit.exports.tables import as_csv, as_json_lines, as_parquet
from shared.contracts.audit import Actor, Context, EntryClass
from tests.audit.exports.ocsf_schema import faults
from tests.audit.test_entries import actors, contexts

CLASSES = sorted(get_args(EntryClass))


def entry(class_: str = "disclosure", index: int = 7, **changes: Any) -> ExportedEntry:
    context = Context(
        operation="exchange",
        outcome="permit",
        elements=("identity.name", "health.alerts"),
        count=3,
        exchange_id=uuid4(),
        purpose="enrollment",
        recipient_organisation="=cmd|' /C calc'!A0",
    )
    members: dict[str, Any] = {
        "log": "alder.example/log/2026",
        "index": index,
        "entry_id": str(uuid4()),
        "class_": class_,
        "logged_at": datetime(2026, 10, 20, 12, tzinfo=UTC),
        "student_ids": (str(uuid4()), str(uuid4())),
        "policy_hash": None,
        "actor": Actor(kind="client", client_id="sis-1", organisation_id=uuid4()).model_dump(mode="json", exclude_defaults=True),
        "context": context.model_dump(mode="json", exclude_defaults=True),
    }
    return ExportedEntry(**members | changes)


def test_each_format_tells_of_the_same_entries() -> None:
    entries = [entry(index=1), entry("search", 2, student_ids=()), entry(index=3, actor=None, context=None)]
    lines = [json.loads(line) for line in as_json_lines(entries).splitlines()]
    rows = list(csv.DictReader(io.StringIO(as_csv(entries).decode(), newline="")))
    columns = pq.read_table(io.BytesIO(as_parquet(entries))).to_pylist()
    events = [json.loads(line) for line in as_ocsf(entries, entity_id="https://alder.example", product_version="1").splitlines()]
    for name, values in {
        "index": ([one["index"] for one in lines], [int(one["index"]) for one in rows], [one["index"] for one in columns]),
        "class": ([one["class"] for one in lines], [one["class"] for one in rows], [one["class"] for one in columns]),
    }.items():
        assert values[0] == values[1] == values[2] == [getattr(one, "class_" if name == "class" else name) for one in entries]
    assert [one["metadata"]["sequence"] for one in events] == [1, 2, 3]
    assert lines[0]["student_ids"] == rows[0]["student_ids"].split() == columns[0]["student_ids"] == events[0]["unmapped"]["student_ids"]
    assert lines[0]["context"]["elements"] == rows[0]["elements"].split() == columns[0]["elements"]
    assert columns[0]["logged_at"] == datetime(2026, 10, 20, 12, tzinfo=UTC)
    assert [one["destroyed"] for one in rows] == ["no", "no", "yes"]
    assert [one["destroyed"] for one in columns] == [False, False, True]
    assert lines[2]["context"] is None


def test_no_cell_of_the_csv_is_a_formula() -> None:
    (row,) = csv.DictReader(io.StringIO(as_csv([entry()]).decode(), newline=""))
    assert row["recipient_organisation"] == "'=cmd|' /C calc'!A0"


def test_a_part_without_entries_is_a_file_of_its_format() -> None:
    assert as_json_lines([]) == b""
    assert as_csv([]).decode().strip().split(",") == [f'"{name}"' for name in COLUMNS]
    assert pq.read_table(io.BytesIO(as_parquet([]))).num_rows == 0


@pytest.mark.requirement("LOG-OCSF")
@pytest.mark.parametrize("class_", CLASSES)
def test_every_class_is_a_valid_event_of_ocsf(class_: str) -> None:
    for one in (entry(class_), entry(class_, actor=None, context=None), entry(class_, student_ids=(), policy_hash="A" * 43)):
        assert faults(ocsf_event(one, entity_id="https://alder.example", product_version="0.1.0")) == []


@given(actors, contexts, st.sampled_from(CLASSES))
def test_whatever_was_logged_is_a_valid_event_of_ocsf(actor: Actor, context: Context, class_: str) -> None:
    one = entry(
        class_,
        actor=actor.model_dump(mode="json", exclude_defaults=True),
        context=context.model_dump(mode="json", exclude_defaults=True),
    )
    assert faults(ocsf_event(one, entity_id="https://alder.example", product_version="0.1.0")) == []
    for write in (as_json_lines, as_csv, as_parquet):
        assert write([one])


def test_the_user_is_who_had_signed_in_and_the_application_is_what_they_worked_with() -> None:
    person = digest_of(b"somebody")
    at_the_console = Actor(kind="client", client_id="console", person=person).model_dump(mode="json", exclude_defaults=True)
    one = ocsf_event(entry("search", actor=at_the_console), entity_id="e", product_version="1")
    assert (one["actor"]["user"]["uid"], one["actor"]["user"]["type"], one["actor"]["app_name"]) == (person, "User", "console")
    assert faults(one) == []
    alone = ocsf_event(entry("search"), entity_id="e", product_version="1")
    assert (alone["actor"]["user"]["uid"], alone["actor"]["user"]["type"]) == ("sis-1", "System")


def test_what_was_refused_is_a_failure_and_an_alert_is_more_than_information() -> None:
    denied = ocsf_event(entry("decision", context={"operation": "disclose", "outcome": "deny"}), entity_id="e", product_version="1")
    assert (denied["status"], denied["severity"], denied["status_code"]) == ("Failure", "Low", "deny")
    assert ocsf_event(entry("alert"), entity_id="e", product_version="1")["severity"] == "Medium"


def test_the_validator_sees_what_the_schema_forbids() -> None:
    good = ocsf_event(entry("administration"), entity_id="e", product_version="1")
    for spoil in (
        lambda one: one.pop("api"),
        lambda one: one.update(class_name=3),
        lambda one: one.update(severity_id=17),
        lambda one: one.update(school="x"),
        lambda one: one["actor"].clear(),
        lambda one: one.update(type_uid=1),
        lambda one: one["metadata"].pop("product"),
    ):
        bad = json.loads(json.dumps(good))
        spoil(bad)
        assert faults(bad) != []

"""What decision 92 binds later versions to: a record's model grows, and nothing of it that a node of this version knows changes.

A vector holds the model of the last version that grew it; `python -m tests.records.test_record_grows` writes it, together with a
migration of records: a process of the version before does not start on a store that may hold what it does not know.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from safepassage.record import StudentRecord
from shared.schema_head import head_of

FILE = Path(__file__).parents[1] / "vectors" / "record_model.json"
CLOSED = ("StudentRecord", "Provenance", "StatementOfDisagreement")
SAID = ("title", "description", "x-ceds")


def _bare(value: Any) -> Any:
    """Without what is said about it."""
    if isinstance(value, dict):
        return {name: _bare(part) for name, part in sorted(value.items()) if name not in SAID or not isinstance(part, str)}
    return [_bare(one) for one in value] if isinstance(value, list) else value


def model_now() -> dict[str, Any]:
    """By name of each part of a record, its members and which of them have to be there."""
    schema = StudentRecord.model_json_schema()
    parts = {"StudentRecord": schema, **schema["$defs"]}
    return {name: _bare({key: part for key, part in parts[name].items() if key != "$defs"}) for name in sorted(parts)}


HELD: dict[str, Any] = json.loads(FILE.read_text()) if FILE.exists() else {"model": {}}


@pytest.mark.requirement("UPGRADE-later-record")
@pytest.mark.parametrize("name", HELD["model"])
def test_what_a_version_before_knows_of_a_record_stays_as_it_is(name: str) -> None:
    before, now = HELD["model"][name], model_now()[name]
    if name in CLOSED:
        assert now == before, "around the elements nothing may be added: an older node refuses the whole record"
        return
    members = now.pop("properties", {})
    assert {member: members.get(member) for member in before.get("properties", {})} == before.get("properties", {})
    assert now == {key: value for key, value in before.items() if key != "properties"}


def test_a_model_that_grew_has_a_migration_of_records_and_a_vector_of_its_own() -> None:
    assert model_now() == HELD["model"] or head_of("records") != HELD["revision"]
    assert model_now() == HELD["model"], "write the vector anew: python -m tests.records.test_record_grows"


if __name__ == "__main__":
    FILE.write_text(json.dumps({"revision": head_of("records"), "model": model_now()}, separators=(",", ":")) + "\n")

"""An export is complete, goes on where it was cut off, is proven by the log and signed, and tells nobody more than a search would."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pyarrow.parquet as pq
import pytest

from safepassage.canonical import digest_of
from safepassage.offline.export_folder import ExportReport, part_name, verify_export
from safepassage.problems import SuiteError
from safepassage.problems.exports import ExportAltered
from safepassage.wire_exports import PlannedExport, SignedManifest
from tests.audit.audit_node import ELM, OAK, STATE, AuditNode, disclosure, event, give_organisations
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


def state_of(node: AuditNode, *scopes: str) -> dict[str, str]:
    return node.as_caller("audit:export", *scopes, kind="sea", organisation=STATE, purpose="audit-evaluation", client="state")


def district(node: AuditNode, organisation: UUID = OAK) -> dict[str, str]:
    return node.as_caller("audit:export", organisation=organisation, client="sis")


async def plan(node: AuditNode, headers: dict[str, str], format: str = "jsonl", **search: Any) -> PlannedExport:  # noqa: A002 its name
    answer = await node.send("POST", "/v1/log/exports", headers, {"search": search, "format": format})
    assert answer.status == 200, answer.body
    return PlannedExport.model_validate_json(answer.body)


def asking(planned: PlannedExport, part: int, kind: str, search: dict[str, Any]) -> dict[str, Any]:
    return {"plan": planned.plan.model_dump(mode="json"), "token": planned.token, "search": search, "part": part, "kind": kind}


async def export(
    node: AuditNode,
    folder: Path,
    headers: dict[str, str],
    format: str = "jsonl",  # noqa: A002 its name
    *,
    proofs: bool = True,
    **search: Any,
) -> PlannedExport:
    """Everything that a client does, into a folder."""
    planned = await plan(node, headers, format, **search)
    tokens = []
    for part in range(planned.plan.parts):
        for kind in ("entries", "proofs") if proofs else ("entries",):
            answer = await node.send("POST", "/v1/log/exports/parts", headers, asking(planned, part, kind, search))
            assert answer.status == 200, answer.body
            keep(folder / part_name(planned.plan, kind, part), answer.body)
            tokens.append(answer.headers["export-part"])
    body = {"plan": planned.plan.model_dump(mode="json"), "token": planned.token, "parts": tokens}
    answer = await node.send("POST", "/v1/log/exports/manifest", headers, body)
    assert answer.status == 200, answer.body
    keep(folder / "manifest.json", answer.body)
    return planned


def keep(file: Path, content: bytes) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)


def verified(node: AuditNode, folder: Path, planned: PlannedExport) -> ExportReport:
    return verify_export(folder, keys=[node.verifier(one.log) for one in planned.plan.ranges])


def lines(folder: Path, planned: PlannedExport) -> list[dict[str, Any]]:
    found = []
    for part in range(planned.plan.parts):
        found += [json.loads(line) for line in (folder / part_name(planned.plan, "entries", part)).read_bytes().splitlines()]
    return found


@pytest.mark.requirement("LOG-EXPORTS")
async def test_an_export_is_complete_in_parts_and_verifies_offline(
    node: AuditNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.audit.exports.plan.PART_ENTRIES", 4)
    students = [uuid4() for _ in range(9)]
    await node.append(*[event("request", student=one) for one in students])
    planned = await export(node, tmp_path / "all", state_of(node))
    report = verified(node, tmp_path / "all", planned)
    assert (planned.plan.parts, report.proven, report.with_students) == (3, 9, 9)
    told = lines(tmp_path / "all", planned)
    assert [one["index"] for one in told] == list(range(9))
    assert [one["student_ids"] for one in told] == [[str(one)] for one in students]


@pytest.mark.requirement("LOG-EXPORTS")
async def test_a_part_has_few_entries_where_each_is_about_many_students(
    node: AuditNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.audit.exports.plan.PART_OPENED", 100)
    classes = [tuple(uuid4() for _ in range(40)) for _ in range(6)]
    await node.append(*[event("request").model_copy(update={"subjects": those}) for those in classes])
    planned = await export(node, tmp_path / "many", state_of(node))
    assert (planned.plan.part_entries, planned.plan.parts) == (2, 3)
    assert [one["student_ids"] for one in lines(tmp_path / "many", planned)] == [[str(one) for one in those] for those in classes]
    assert verified(node, tmp_path / "many", planned).proven == 6


@pytest.mark.requirement("LOG-EXPORTS")
@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet", "ocsf"])
async def test_every_format_is_signed_and_proven(node: AuditNode, tmp_path: Path, format: str) -> None:  # noqa: A002 its name
    await node.append(disclosure(node, uuid4()), event("request", student=uuid4()))
    planned = await export(node, tmp_path / format, state_of(node), format)
    report = verified(node, tmp_path / format, planned)
    assert (report.manifest.entries, report.proven) == (2, 2)
    if format == "parquet":
        assert pq.read_table(tmp_path / format / "entries-00000.parquet").column("class").to_pylist() == ["disclosure", "request"]


@pytest.mark.requirement("LOG-EXPORTS")
async def test_whatever_is_changed_in_an_export_is_found_out(node: AuditNode, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    await node.append(event("request", student=uuid4()), disclosure(node, uuid4()))
    planned = await export(node, folder, state_of(node))
    for path in sorted(folder.iterdir()):
        original = path.read_bytes()
        for at in (0, len(original) // 2, len(original) - 1):
            changed = bytearray(original)
            changed[at] ^= 1
            path.write_bytes(bytes(changed))
            with pytest.raises((SuiteError, ValueError)):
                verified(node, folder, planned)
        path.write_bytes(original)
    verified(node, folder, planned)


async def test_files_that_were_changed_together_with_their_manifest_are_found_out(node: AuditNode, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    await node.append(event("request", student=uuid4(), outcome="refused"))
    planned = await export(node, folder, state_of(node))
    entries = folder / "entries-00000.jsonl"
    forged = entries.read_bytes().replace(b"refused", b"granted")
    entries.write_bytes(forged)
    signed = json.loads((folder / "manifest.json").read_bytes())
    part = next(one for one in signed["manifest"]["parts"] if one["kind"] == "entries")
    part["sha256"], part["bytes"] = digest_of(forged), len(forged)
    (folder / "manifest.json").write_text(json.dumps(signed))
    with pytest.raises(ExportAltered):
        verified(node, folder, planned)


async def test_a_part_is_the_same_whenever_it_is_asked_for(node: AuditNode) -> None:
    await node.append(*[event("request", student=uuid4()) for _ in range(3)])
    planned = await plan(node, state_of(node))
    await node.append(*[event("request", student=uuid4()) for _ in range(3)])
    bodies = [(await node.send("POST", "/v1/log/exports/parts", state_of(node), asking(planned, 0, "entries", {}))).body for _ in range(2)]
    assert bodies[0] == bodies[1]
    assert len(bodies[0].splitlines()) == 3


async def test_an_export_is_narrowed_as_a_search_is(node: AuditNode, tmp_path: Path) -> None:
    await give_organisations(node)
    oak, elm = uuid4(), uuid4()
    await node.append(disclosure(node, oak), disclosure(node, elm, custodian=ELM), event("request", student=oak))
    for number, (headers, search, expected) in enumerate(
        (
            (state_of(node), {}, [0, 1, 2]),
            (state_of(node), {"classes": ["disclosure"]}, [0, 1]),
            (state_of(node), {"student_id": str(elm)}, [1]),
            (state_of(node), {"student_id": str(oak), "classes": ["request"]}, [2]),
            (state_of(node), {"purposes": ["enrollment"]}, [0, 1]),
            (district(node), {}, [0, 2]),
            (district(node, ELM), {}, [1]),
            (district(node, ELM), {"student_id": str(oak)}, []),
        )
    ):
        planned = await export(node, tmp_path / str(number), headers, **search)
        assert [one["index"] for one in lines(tmp_path / str(number), planned)] == expected
        assert verified(node, tmp_path / str(number), planned).manifest.entries == len(expected)


async def test_a_threat_is_exported_to_few(node: AuditNode, tmp_path: Path) -> None:
    threat = event("decision", student=uuid4(), operation="evidence-recorded", basis="emergency", threat="A canary on a wall")
    await node.append(threat, service="privacy")
    await node.sequencer.publish_now()
    for number, (scopes, shown) in enumerate(((("audit:export",), False), (("audit:export", "evidence:sealed"), True))):
        planned = await export(node, tmp_path / str(number), state_of(node, *scopes))
        files = b"".join(path.read_bytes() for path in (tmp_path / str(number)).iterdir())
        assert (b"canary" in files) is shown
        verified(node, tmp_path / str(number), planned)


async def test_plans_and_parts_of_others_are_refused(node: AuditNode, clock: StandingClock) -> None:
    await node.append(event("request", student=uuid4()))
    planned = await plan(node, state_of(node))
    body = asking(planned, 0, "entries", {})
    altered = body | {"plan": body["plan"] | {"parts": 7}}
    for headers, sent, code in (
        (district(node), body, "export-token-invalid"),
        (state_of(node), altered, "export-token-invalid"),
        (state_of(node), body | {"search": {"classes": ["read"]}}, "export-token-invalid"),
        (state_of(node), body | {"part": 1}, "no-such-part"),
    ):
        answer = await node.send("POST", "/v1/log/exports/parts", headers, sent)
        assert (answer.status, json.loads(answer.body)["code"]) == (422, code)
    for days in (-1, 8):  # a plan of a time that is to come, and one of a week ago
        clock.advance(days=days)
        old = await node.send("POST", "/v1/log/exports/parts", state_of(node), body)
        assert json.loads(old.body)["code"] == "export-token-invalid"


async def test_a_manifest_needs_every_part_once(node: AuditNode) -> None:
    await node.append(event("request", student=uuid4()))
    planned = await plan(node, state_of(node))
    tokens = {}
    for kind in ("entries", "proofs"):
        answer = await node.send("POST", "/v1/log/exports/parts", state_of(node), asking(planned, 0, kind, {}))
        tokens[kind] = answer.headers["export-part"]
    body = {"plan": planned.plan.model_dump(mode="json"), "token": planned.token}
    for parts, status in (
        ([], 422),
        ([tokens["proofs"]], 422),
        ([tokens["entries"]] * 2, 422),
        ([tokens["entries"]], 200),
        ([tokens["entries"], tokens["proofs"]], 200),
    ):
        answer = await node.send("POST", "/v1/log/exports/manifest", state_of(node), body | {"parts": parts})
        assert answer.status == status, answer.body
    assert SignedManifest.model_validate_json(answer.body).manifest.entries == 1


async def test_an_export_is_on_the_record_before_and_after(node: AuditNode, tmp_path: Path) -> None:
    student = uuid4()
    await node.append(event("request", student=student))
    await export(node, tmp_path / "export", state_of(node), student_id=str(student))
    headers = node.as_caller("audit:search", kind="sea", organisation=STATE, purpose="audit-evaluation")
    found = json.loads((await node.send("POST", "/v1/log/searches", headers, {"student_id": str(student)})).body)["entries"]
    assert [one["context"]["operation"] for one in found] == ["export-planned", "test"]
    made = json.loads((await node.send("POST", "/v1/log/searches", headers, {"operations": ["export-made"]})).body)["entries"]
    assert [one["context"]["count"] for one in made] == [1]


async def test_vendors_and_clients_without_the_scope_export_nothing(node: AuditNode) -> None:
    body = {"search": {}, "format": "jsonl"}
    for headers in (
        node.as_caller("audit:export", kind="vendor"),
        node.as_caller("audit:search"),
        node.as_caller("audit:export", kind="sea"),
    ):
        assert (await node.send("POST", "/v1/log/exports", headers, body)).status in (403, 422)
    assert node.sequencer.size == 0


async def test_what_is_not_published_yet_is_not_exported(node: AuditNode, clock: StandingClock) -> None:
    await node.append(event("request", student=uuid4()), event("match", student=uuid4()))
    await node.append(event("match", student=uuid4()))
    planned = await plan(node, state_of(node), logged_until=(clock() + timedelta(hours=1)).isoformat())
    assert [(one.start, one.end) for one in planned.plan.ranges] == [(0, 2)]


async def test_of_a_log_of_which_nothing_is_published_nothing_is_exported(node: AuditNode) -> None:
    await node.append(event("match", student=uuid4()))
    planned = await plan(node, state_of(node))
    assert (planned.plan.ranges, planned.plan.parts) == ((), 0)

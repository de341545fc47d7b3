"""The whole accounting in one file: a table for a spreadsheet, a document for a parent."""

import csv
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from safepassage.wire_log import DisclosureAccounting
from services.audit.disclosures import plain_words
from services.audit.disclosures.accounting_document import LOCALE, accounting_document, words
from services.audit.disclosures.accounting_table import COLUMNS, OF_A_STUDENT
from services.privacy.policy.taxonomy import BASES, PURPOSES
from tests.audit.audit_node import ELM, OAK, VENDOR, AuditNode, disclosure, give_organisations, running
from tests.audit.peer_log import member, trust_settings
from tests.audit.test_accounting import THREAT, rule, with_an_emergency
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("LOG-ACCOUNTING")
async def test_the_whole_record_comes_as_a_table_without_formulas(node: AuditNode) -> None:
    student = uuid4()
    await with_an_emergency(node, student)
    await node.append(*[disclosure(node, student) for _ in range(3)])
    answer = await node.send("GET", f"/v1/students/{student}/disclosure-accounting/table", node.as_caller("audit:accounting"))
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="accounting-of-disclosures-2026-10-20.csv"'
    lines = list(csv.reader(io.StringIO(answer.body.decode(), newline="")))
    assert [len(line) for line in lines] == [len(OF_A_STUDENT)] * 6
    assert [line[COLUMNS.index("index")] for line in lines[1:]] == ["4", "3", "2", "1", "0"]
    assert lines[5][COLUMNS.index("emergency_threat")] == THREAT


@pytest.mark.requirement("LOG-ACCOUNTING")
async def test_each_party_is_named_and_one_behind_another_node_by_the_agency_that_runs_it(
    store_url: str, node_keys: Path, clock: StandingClock, tmp_path: Path
) -> None:
    birch = member("https://birch.example")
    async with running(store_url, node_keys, clock, **trust_settings(tmp_path, birch, now=clock())) as node:
        await give_organisations(node)
        student = uuid4()
        await node.append(disclosure(node, student, originating_organisation=OAK))
        await node.append(disclosure(node, student, recipient=str(ELM), recipient_node=None, recipient_name="what another calls it"))
        path, headers = f"/v1/students/{student}/disclosure-accounting", node.as_caller("audit:accounting")
        here, there = DisclosureAccounting.model_validate_json((await node.send("GET", path, headers)).body).entries
        assert (here.party.name, here.party.agency) == ("lea", None)
        assert (there.party.name, there.party.agency) == (None, "Department of Education")
        assert there.further_parties[0].party == there.party
        lines = (await node.send("GET", f"{path}/table", headers)).body.decode()
        rows = list(csv.DictReader(io.StringIO(lines, newline="")))
        assert [(row["party_name"], row["through_agency"]) for row in rows] == [("lea", ""), ("", "Department of Education")]
        as_json = json.loads((await node.send("GET", f"{path}/table", headers, query="form=json")).body)
        assert [(row["party_name"], row["on_behalf_of"]) for row in as_json] == [("lea", None), (None, str(OAK))]


async def test_the_document_is_a_pdf_that_a_screen_reader_reads(node: AuditNode) -> None:
    student = uuid4()
    await with_an_emergency(node, student)
    path = f"/v1/students/{student}/disclosure-accounting/document"
    answer = await node.send("GET", path, node.as_caller("audit:accounting"))
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.body.startswith(b"%PDF-")
    assert b"pdfuaid" in answer.body
    assert str(student) not in answer.headers["content-disposition"]
    assert (await node.send("GET", path, node.as_caller("audit:accounting", organisation=ELM))).status == 200
    assert (await node.send("GET", path, node.as_caller("audit:search"))).status == 403


async def test_table_and_document_are_on_the_record(node: AuditNode) -> None:
    student = uuid4()
    await node.append(disclosure(node, student))
    before = node.sequencer.size
    for name in ("table", "document"):
        await node.send("GET", f"/v1/students/{student}/disclosure-accounting/{name}", node.as_caller("audit:accounting"))
    assert node.sequencer.size == before + 2


async def test_a_record_that_is_too_long_for_one_document_is_told_in_pages(node: AuditNode, monkeypatch: pytest.MonkeyPatch) -> None:
    student = uuid4()
    await node.append(*[disclosure(node, student) for _ in range(3)])
    monkeypatch.setattr("services.audit.disclosures.accounting.MOST_OF_A_DOCUMENT", 2)
    answer = await node.send("GET", f"/v1/students/{student}/disclosure-accounting/document", node.as_caller("audit:accounting"))
    assert (answer.status, json.loads(answer.body)["code"]) == (422, "accounting-too-long")
    monkeypatch.setattr("services.audit.disclosures.accounting.MOST_OF_A_DOCUMENT", 3)
    answer = await node.send("GET", f"/v1/students/{student}/disclosure-accounting/document", node.as_caller("audit:accounting"))
    assert answer.status == 200


def test_the_document_says_in_words_what_happened_and_names_no_person_of_a_party() -> None:
    behind_a_peer = rule(
        "disclosure",
        basis="transfer",
        purpose="enrollment",
        elements=("identity.name", "special_education.iep"),
        recipient_organisation="https://birch.example#school-7",
        recipient_node="https://birch.example",
        originating_organisation=OAK,
        citations=("34 CFR 99.31(a)(2)",),
    )
    asked = rule("match", recipient_name="Tinsmith Elementary", recipient_node="https://birch.example")
    assert asked is not None
    assert asked.party.name == "Tinsmith Elementary"
    refused = rule("decision", outcome="deny", basis="something-new", recipient_organisation=str(VENDOR))
    assert behind_a_peer is not None
    assert refused is not None
    accounting = DisclosureAccounting(student_id=uuid4(), entries=(behind_a_peer, refused), checkpoint="")
    names = {str(OAK): "Oak District", str(VENDOR): "Vendor Inc.", "https://birch.example": "Birch Department of Education"}
    said = words(accounting, names, drawn_at=datetime(2026, 11, 1, tzinfo=UTC))
    first, second = said["entries"]
    assert first["heading"] == "October 20, 2026. Given to organization school-7 of another state, through Birch Department of Education"
    named = behind_a_peer.model_copy(update={"party": behind_a_peer.party.model_copy(update={"name": "Tinsmith Elementary"})})
    by_name = words(accounting.model_copy(update={"entries": (named, asked)}), names, drawn_at=datetime(2026, 11, 1, tzinfo=UTC))
    through = "Tinsmith Elementary, in another state, through Birch Department of Education"
    assert [one["heading"] for one in by_name["entries"]] == [
        f"October 20, 2026. Given to {through}",
        f"October 20, 2026. Request received: {through}",
    ]
    facts = dict(first["facts"])
    assert facts["Data"] == "Legal name; Individualized education program"
    assert facts["Why it was allowed"] == "The student enrolls, or wants to enroll, at another school. The law: 34 CFR 99.31(a)(2)."
    assert facts["On behalf of"] == "Oak District"
    assert second["heading"] == "October 20, 2026. Request refused: Vendor Inc."
    assert dict(second["facts"])["On what ground it was asked for"] == "Something new"
    assert said["summary"] == ["Given to somebody: 1 time, to 1 organization.", "Requests received: 1, 1 of them refused."]


PLACEHOLDER = re.compile(r"%\(\w+\)s")


def messages() -> set[str]:
    """All that a document may say."""
    found = extract_from_dir(LOCALE.parent, [("*.py", "python")], keywords={"_": None, "translate": None})
    said = {str(one[2]) for one in found}
    return {*said, *plain_words.BASES.values(), *plain_words.TITLES.values(), *map(plain_words.spaced, PURPOSES)}


@pytest.mark.requirement("CON-words")
def test_the_spanish_catalogue_has_everything_that_the_document_may_say_and_nothing_else() -> None:
    with (LOCALE / "es" / "accounting.po").open("rb") as source:
        catalogue = {str(one.id): str(one.string) for one in read_po(source, locale="es") if one.id}
    assert set(catalogue) == messages()
    assert len(catalogue) > 100
    said = catalogue.items()
    assert [one for one, other in said if not other or sorted(PLACEHOLDER.findall(one)) != sorted(PLACEHOLDER.findall(other))] == []


async def test_the_document_comes_in_spanish_and_says_so_to_a_screen_reader(node: AuditNode) -> None:
    student = uuid4()
    await with_an_emergency(node, student)
    path, caller = f"/v1/students/{student}/disclosure-accounting/document", node.as_caller("audit:accounting")
    spanish, english = [await node.send("GET", path, caller, query=query) for query in ("language=es", "")]
    assert [(one.status, b"pdfuaid" in one.body) for one in (spanish, english)] == [(200, True)] * 2
    assert [re.findall(rb"/Lang ?\((\w+)", one.body) for one in (spanish, english)] == [[b"es"], [b"en"]]
    assert (await node.send("GET", path, caller, query="language=fr")).status == 422


def test_every_sentence_of_a_spanish_document_is_spanish() -> None:
    entries = [
        rule("disclosure", basis="transfer", purpose="enrollment", elements=("identity.name",), recipient_organisation=str(VENDOR)),
        rule("decision", outcome="deny", basis="consent", purpose="study", elements=("health.alerts",), recipient_organisation=str(OAK)),
    ]
    known = [one for one in entries if one is not None]
    assert len(known) == 2
    accounting, names = DisclosureAccounting(student_id=uuid4(), entries=tuple(known), checkpoint=""), {str(VENDOR): "Vendor Inc."}
    english, spanish = [words(accounting, names, drawn_at=datetime(2026, 11, 1, tzinfo=UTC), language=one) for one in ("en", "es")]
    assert spanish["entries"][0]["heading"] == "20 de octubre de 2026. Entregado a Vendor Inc."
    assert spanish["introduction"][0].endswith("Hecho el 1 de noviembre de 2026; todas las fechas están en UTC.")
    assert dict(spanish["entries"][0]["facts"])["Para"] == "Inscripción"
    assert [one for one in texts(english) if len(one) > 3 and one in texts(spanish)] == ["34 CFR 99.32(d)(3)"]


def texts(said: object) -> list[str]:
    """Every text of a document, at whatever depth, but for the language's code."""
    if isinstance(said, dict):
        return [text for name, one in said.items() if name != "language" for text in texts(one)]
    return [text for one in said for text in texts(one)] if isinstance(said, list) else [str(said)]


def test_a_name_in_any_script_is_drawn() -> None:
    entry = rule("disclosure", basis="consent", recipient_organisation=str(VENDOR))
    assert entry is not None
    accounting = DisclosureAccounting(student_id=uuid4(), entries=(entry,), checkpoint="")
    drawn = accounting_document(accounting, {str(VENDOR): "学校 #set page()"}, drawn_at=datetime(2026, 11, 1, tzinfo=UTC))
    assert drawn.startswith(b"%PDF-")
    assert b"pdfuaid" not in drawn


def test_every_basis_of_the_law_has_words_for_a_parent() -> None:
    kept_secret_or_of_no_student = {"sealed-order", "de-identified", "de-identified-coded", "educator-application"}
    assert set(BASES) == set(plain_words.BASES) | kept_secret_or_of_no_student

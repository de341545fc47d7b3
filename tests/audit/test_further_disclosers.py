"""The record names the authorities that may disclose further without consent: 34 CFR 99.32(a)(1), 99.33(b)."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from safepassage.wire_log import AccountedEntry, DisclosureAccounting, Party
from services.audit.disclosures.accounting_document import words
from services.audit.disclosures.disclosure_record import further_disclosers
from tests.audit.audit_node import ELM, OAK, STATE, VENDOR, AuditNode, disclosure, give_organisations, running
from tests.audit.peer_log import member, trust_settings
from tests.audit.test_accounting import rule
from tests.audit.test_accounting_words import accounting_of
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

OWN = Party(organisation=str(STATE), name="Alder Department of Education")
BIRCH = "https://birch.example"


def entry(class_: str = "disclosure", **context: Any) -> AccountedEntry:
    found = rule(class_, **context)
    assert found is not None
    return found


def test_the_agency_of_this_node_may_whatever_was_given_and_an_unknown_one_is_left_out() -> None:
    assert further_disclosers(OWN, ()) == (OWN,)
    assert further_disclosers(None, ()) == ()


def test_whoever_runs_the_node_through_which_it_went_may_and_is_named_once() -> None:
    given = entry(recipient_organisation=f"{BIRCH}#7", recipient_node=BIRCH, recipient_name="Tinsmith", basis="transfer")
    assert further_disclosers(OWN, (given, given)) == (OWN, Party(node=BIRCH))
    asked = entry("match", recipient_node=BIRCH)
    assert further_disclosers(OWN, (asked,)) == (OWN,), "who only asked has nothing to pass on"


def test_an_authority_that_audits_may_and_its_representative_and_a_school_may_not() -> None:
    for basis, may in (("audit-authority", True), ("audit-representative", False), ("contractor", False), ("transfer", False)):
        found = further_disclosers(OWN, (entry(basis=basis, recipient_organisation=str(VENDOR)),))
        assert found == ((OWN, Party(organisation=str(VENDOR))) if may else (OWN,)), basis


@pytest.mark.requirement("LOG-ACCOUNTING")
async def test_every_form_of_the_record_names_them(store_url: str, node_keys: Path, clock: StandingClock, tmp_path: Path) -> None:
    async with running(store_url, node_keys, clock, **trust_settings(tmp_path, member(BIRCH), now=clock())) as node:
        await give_organisations(node)
        student = uuid4()
        await node.append(disclosure(node, student, originating_organisation=OAK))
        own, through = Party(organisation=str(STATE), name="sea"), Party(node=BIRCH, agency="Department of Education")
        assert (await told(node, student)).may_disclose_further == (own, through)
        path, headers = f"/v1/students/{student}/disclosure-accounting/table", node.as_caller("audit:accounting")
        (row,) = csv.DictReader(io.StringIO((await node.send("GET", path, headers)).body.decode()))
        assert row["may_disclose_further"] == "sea; Department of Education"
        (line,) = json.loads((await node.send("GET", path, headers, query="form=json")).body)
        assert line["may_disclose_further"] == ["sea", "Department of Education"]


async def test_of_another_districts_student_as_of_nobody_the_agency_of_the_node_alone_is_named(node: AuditNode) -> None:
    await give_organisations(node)
    student = uuid4()
    await node.append(disclosure(node, student))
    foreign, unknown = await told(node, student, ELM), await told(node, uuid4(), ELM)
    assert foreign.may_disclose_further == unknown.may_disclose_further == (Party(organisation=str(STATE), name="sea"),)


async def told(node: AuditNode, student: UUID, organisation: UUID = OAK) -> DisclosureAccounting:
    headers = node.as_caller("audit:accounting", organisation=organisation)
    answer = await node.send("GET", f"/v1/students/{student}/disclosure-accounting", headers)
    assert answer.status == 200, answer.body
    return DisclosureAccounting.model_validate_json(answer.body)


def test_the_familys_document_says_who_they_are_and_nothing_where_there_is_none() -> None:
    none = accounting_of(entry(basis="consent"))
    some = none.model_copy(update={"may_disclose_further": (OWN, Party(node=BIRCH))})
    at, names = datetime(2026, 11, 1, tzinfo=UTC), {BIRCH: "Birch Department of Education"}
    before, after = (words(one, names, drawn_at=at)["introduction"] for one in (none, some))
    (added,) = set(after) - set(before)
    assert added.endswith("(34 CFR 99.33(b)). These may: Alder Department of Education; Birch Department of Education.")
    spanish = words(some, names, drawn_at=at, language="es")["introduction"]
    assert any(one.endswith("Son estas: Alder Department of Education; Birch Department of Education.") for one in spanish)

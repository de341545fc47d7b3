"""Codes that pages show have words, and every word a translation: a new code without words fails here.

That each message has a translation is test_words'; these hold the lists of words to where the codes come from.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from safepassage.problems import REGISTRY
from safepassage.wire_access import Denial
from services.gateway.console.act_words import OBLIGATION_WORDS
from services.gateway.console.clause_words import CLAUSE_WORDS, clause_of
from services.gateway.console.code_words import outcome_of, said_of
from services.gateway.console.decision_words import cited
from services.gateway.console.fact_words import FACT_WORDS
from services.gateway.console.messages import messages
from services.gateway.console.pages import translations
from services.gateway.console.peer_problem_words import PEER_REMEDIES, peer_remedy
from services.gateway.console.problem_words import PROBLEM_WORDS, SHOWN
from services.gateway.console.reason_words import REASON_WORDS
from services.gateway.console.rule_titles import RULE_TITLES
from services.gateway.console.simulated_facts import facts_of
from services.gateway.settings import GatewaySettings
from services.privacy.agreement_documents import CONTRACTOR_CLAUSES
from services.privacy.policy import evaluate
from services.privacy.policy.agreement_facts import CLAUSES
from services.privacy.policy.explain import Refusal
from services.privacy.policy.obligations import KINDS
from services.privacy.policy.policy_set import load_policy_set
from services.privacy.policy_cases import built_in
from tests.gateway.console.consoles import Console
from tests.gateway.console.decided import one_of_each

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[3]
SPANISH = translations("es").gettext
OF_THE_ENGINE = {"no-permit-for-this-action", "not-permitted", "statement-placed"}
"""Said where an answer is put together: each of them is in the service's text, as a test below looks."""
REQUESTS = {"invalid-request", "log-unavailable", "malformed-body", "not-permitted", "temporarily-unavailable", "too-many-requests"}
"""Which any operation may raise."""


def said_in(folder: str, word: str) -> Iterator[str]:
    """What is given as `word="…"` in calls of a folder's modules."""
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield from (said for one in node.keywords if one.arg == word for said in _literals(one.value))


def _literals(given: ast.expr) -> Iterator[str]:
    if isinstance(given, ast.IfExp):
        yield from (said for way in (given.body, given.orelse) for said in _literals(way))
    elif isinstance(given, ast.Constant) and isinstance(given.value, str) and given.value:
        yield given.value


@pytest.mark.requirement("CON-words")
def test_every_reason_of_the_rules_and_of_their_evaluation_has_words() -> None:
    rules = {one.code for policy in load_policy_set().policies.values() for one in policy.annotations.reasons}
    evaluated = {one.reason for one in vars(evaluate).values() if isinstance(one, Refusal)}
    standing = set(said_in("services/privacy", "reason")) & set(re.findall(r'Standing\(stands=False, reason="([a-z-]+)"', _text()))
    known = {*rules, *evaluated, *standing, *get_args(Denial), *OF_THE_ENGINE}
    assert len(rules) > 150
    assert len(evaluated) >= 6
    assert len(standing) == 4
    assert all(f'"{code}"' in _text() for code in OF_THE_ENGINE)
    assert sorted(known - set(REASON_WORDS)) == [], "codes without words"
    assert sorted(set(REASON_WORDS) - known) == ["unknown-purpose"], "words of nothing; this one is evaluate's own f-string"


def _text() -> str:
    return "\n".join(path.read_text() for path in (ROOT / "services/privacy").rglob("*.py"))


@pytest.mark.requirement("CON-words")
def test_every_kind_of_obligation_and_every_title_of_a_rule_has_its_words() -> None:
    assert set(OBLIGATION_WORDS) == set(KINDS)
    assert {policy.annotations.title for policy in load_policy_set().policies.values()} == RULE_TITLES


@pytest.mark.requirement("CON-words")
def test_every_fact_that_a_simulation_supposes_and_every_clause_of_an_agreement_has_its_words() -> None:
    assert {one.path.rpartition(".")[2] for facts in built_in().situations.values() for one in facts_of(facts)} == set(FACT_WORDS)
    assert {*CONTRACTOR_CLAUSES, *(member for asked in CLAUSES.values() for member in asked)} == set(CLAUSE_WORDS)


def test_a_clause_of_a_state_is_said_with_its_state_and_its_section() -> None:
    assert clause_of("redisclosure_limits", "34 CFR 99.31", SPANISH) == ("Los datos no se transmiten", "34 CFR 99.31")
    assert clause_of("ca-49073.1-b1", None, SPANISH) == ("Lo pide la ley de California", "CA 49073.1 b1")
    assert clause_of("ca-49073.1-b2-not-applicable", None, str) == ("Said not to apply: law of California", "CA 49073.1 b2")
    assert clause_of("our-own", None, str) == ("Our own", "")


@pytest.mark.requirement("CON-words")
def test_every_problem_that_an_operation_may_answer_a_page_with_is_translated() -> None:
    """By the operations that modules of the console name, and the problems that the documents say they have."""
    console = [path.read_text() for path in (ROOT / "services/gateway/console").glob("*.py")]
    paths = {_shape(found) for text in console for found in re.findall(r'"(/v1/[^"?]*)', text)}
    declared, answered = set[str](), set[str]()
    for document in (ROOT / "openapi").glob("*.json"):
        for path, operations in json.loads(document.read_text())["paths"].items():
            if _shape(path) in paths:
                answered.add(_shape(path))
                declared |= {code for one in operations.values() if isinstance(one, dict) for code in _problems(one)}
    assert sorted(paths - answered) == [], "asked for by a page, and in no document"
    raised = {kind.code for text in console for kind in REGISTRY.values() if re.search(rf"\braise {kind.__name__}\b", text)}
    assert len(declared) > 30
    assert sorted(code for code in {*declared, *raised, *REQUESTS} if code not in SHOWN) == []
    assert set(SHOWN) <= set(REGISTRY)
    assert set(PROBLEM_WORDS) <= set(messages())


def _shape(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/")


def _problems(operation: dict[str, Any]) -> Iterator[str]:
    for response in operation["responses"].values():
        yield from (code for code in re.findall(r"`([a-z0-9-]+)`", response.get("description", "")) if code in REGISTRY)


@pytest.mark.requirement("CON-words")
def test_every_setting_says_what_it_does_in_each_language() -> None:
    said = [field.description or "" for field in GatewaySettings.model_fields.values()]
    assert [one for one in said if not one or SPANISH(one) == one] == []


def test_a_code_is_said_in_the_readers_language_and_one_of_an_agencys_own_as_it_is() -> None:
    assert said_of("agreement-missing", SPANISH) == "No hay convenio por escrito"
    assert said_of("no-redisclose", SPANISH) == "No transmitirlo a otros"
    assert said_of("token-issued", SPANISH) == "Token emitido"
    assert said_of("answer-public-question", SPANISH) == "Responder a una pregunta del público"
    assert said_of("peer-log-not-continued", SPANISH) == "Su registro no muestra que continúa lo que refrendamos"
    assert said_of("form-not-ours", SPANISH) == "El formulario no vino de esta página"
    assert said_of("our-own-ferpa-rule", SPANISH) == "Our own FERPA rule"
    assert outcome_of("sent", SPANISH) == "Se envió"
    assert outcome_of("no-agreement-of-ours", SPANISH) == "No agreement of ours"


def test_a_citation_says_in_the_readers_language_what_is_no_paragraph_and_no_term_of_the_regulation() -> None:
    citations = {policy.annotations.citation for policy in load_policy_set().policies.values()}
    plain = {one: re.sub(r"'[^']*'", "", cited(one, str)) for one in citations}
    english = {one: set(re.findall(r"[a-z]{4,}", text)) for one, text in plain.items()}
    assert {"policy", "checked"} <= set.union(*english.values())
    spanish = {one: set(re.findall(r"[a-z]{4,}", re.sub(r"'[^']*'", "", cited(one, SPANISH)))) for one in citations}
    both = {one: (english[one] & spanish[one]) - {"personal"} for one in citations}
    assert {one: words for one, words in both.items() if words} == {}


@pytest.mark.requirement("CON-decisions")
async def test_a_spanish_page_of_a_decision_says_its_reasons_rules_and_obligations_in_spanish(console: Console) -> None:
    made = await one_of_each(console)
    browser = await console.browser("auditor")
    english = [(await browser.get(f"/console/decisions/{one}")).body.decode() for one in made.values()]
    await browser.post("/console/preferences", language="es")
    spanish = [(await browser.get(f"/console/decisions/{one}")).body.decode() for one in made.values()]
    words = {*REASON_WORDS.values(), *OBLIGATION_WORDS.values(), *RULE_TITLES}
    shown = {one for one in words for page in english if len(one) > 8 and one in page}
    assert shown & set(REASON_WORDS.values())
    assert shown & set(OBLIGATION_WORDS.values())
    assert shown & RULE_TITLES
    assert [one for one in shown for page in spanish if one in page] == []


async def test_what_is_refused_is_said_in_spanish_and_what_is_not_is_marked_as_english(console: Console) -> None:
    browser = await console.browser("operator")
    await browser.post("/console/preferences", language="es")
    refused = (await browser.get("/console/settings?kind=none")).body.decode()
    assert "<h1>La petición no es válida</h1>" in refused
    assert "Corrija el campo nombrado y envíela de nuevo." in refused
    settings = (await browser.get("/console/settings")).body.decode()
    assert "Vida de un token de acceso." in settings
    assert "Lifetime of an access token." not in settings


def test_a_person_is_told_what_to_do_about_every_problem_that_a_peer_may_answer_with() -> None:
    documents = [json.loads((ROOT / "openapi" / f"{service}.json").read_text()) for service in ("records", "audit")]
    answered = {
        code
        for document in documents
        for path, operations in document["paths"].items()
        if path.startswith(("/v1/peer/", "/v1/witness/"))
        for operation in operations.values()
        for response in operation["responses"].values()
        for code in re.findall(r"`([a-z0-9-]+)`", response["description"])
    }
    assert len(answered) > 50
    assert answered - set(PEER_REMEDIES) == {"log-frozen", "log-unavailable"}, "these two are told to people as they are"
    assert set(PEER_REMEDIES) <= set(REGISTRY)
    spanish = translations("es").gettext
    assert [code for code in sorted(answered) if spanish(REGISTRY[code].title) == REGISTRY[code].title] == []
    assert [code for code in sorted(answered) if peer_remedy(code, spanish) in (None, peer_remedy(code, str))] == []

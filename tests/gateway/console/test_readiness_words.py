"""The scorecard in Spanish: its questions, what its rules find and what would raise it, with figures as the reader writes them."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from services.gateway.console import readiness_messages as read_out
from services.gateway.console.pages import translations
from services.gateway.console.readiness_messages import readiness_messages
from services.gateway.console.readiness_words import in_words, shape_of
from services.gateway.console.viewing import Viewing
from services.privacy.readiness.questions import QUESTIONS
from services.privacy.readiness.rules import RULES
from services.privacy.readiness.scorecard import assess
from tests.gateway.console.consoles import Console
from tests.gateway.console.test_decisions_on_pages import text_of
from tests.privacy.readiness.reported import NOW, found, measures
from tests.privacy.readiness.test_rules import CASES

SPANISH = translations("es").gettext
LOOKED_AT = Viewing("es", "auto", "America/New_York", NOW)


@pytest.mark.requirement("CON-words")
def test_whatever_a_rule_finds_is_a_message_and_has_its_spanish() -> None:
    known = set(readiness_messages())
    findings = [found(question_id, **changed) for question_id, changed, _level in CASES] + [found(question_id) for question_id in RULES]
    late = assess(node="https://alder.example", measures=measures(), attestations={}, now=NOW + timedelta(hours=1))
    said = {one for finding in findings for one in (finding.reason, finding.raised_by) if one}
    said |= {one for answer in late.answers for one in (answer.reason, answer.raised_by) if one}
    assert len(said) > 150
    assert {one for one in said if shape_of(one) not in known} == set()
    assert {question.question for question in QUESTIONS} <= known
    assert [one for one in readiness_messages() if SPANISH(one) == one] == []


def test_a_sentence_is_said_with_its_figures_as_the_reader_writes_them() -> None:
    sentence = "1204 of 5000 districts name who is responsible."
    assert in_words(sentence, str, LOOKED_AT.number) == "1,204 of 5,000 districts name who is responsible."
    assert in_words(sentence, SPANISH, LOOKED_AT.number) == "1,204 de 5,000 distritos nombran a quien responde."
    assert in_words("A sentence of an older service, 3 of 100%.", SPANISH, LOOKED_AT.number) == "A sentence of an older service, 3 of 100%."


def test_a_rule_with_a_sentence_more_is_a_message_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = tmp_path / "more.py"
    more.write_text(
        '"""A docstring."""\ndef rule(it):\n    """Another."""\n    return measured(1, f"{it.few} of {it.many} are new.", "Make it new.")\n'
    )
    monkeypatch.setattr(read_out, "FILES", (*read_out.FILES, more))
    assert set(readiness_messages()) > {"%(n1)s of %(n2)s are new.", "Make it new."}
    assert not {"A docstring.", "Another."} & set(readiness_messages())


def test_no_advice_names_a_path_of_the_interface() -> None:
    assert [one for one in readiness_messages() if re.search(r"/v\d|\b(GET|POST|PUT|PATCH|DELETE)\b", one)] == []


@pytest.mark.anyio
async def test_the_page_of_a_new_node_is_spanish_from_top_to_end(console: Console) -> None:
    auditor = await console.browser("auditor")
    english = text_of((await auditor.get("/console/readiness")).body)
    await auditor.post("/console/preferences", language="es")
    spanish = text_of((await auditor.get("/console/readiness")).body)
    left = [one for one in readiness_messages() if "%" not in one and len(one) > 20 and one in spanish]
    assert left == []
    assert QUESTIONS[0].question in english

"""Each duty says whose figure it has and where it comes from, and what was checked is still the law's text."""

import hashlib
import re
from pathlib import Path

import pytest

from services.privacy.clocks import DUTY_RULES, NOTICE_RULES, CalendarDays, DutyRule, Until

LAW = Path(__file__).parents[3].parent / "shared" / "data" / "law"
OWN = {kind: rule for kind, rule in DUTY_RULES.items() if kind not in NOTICE_RULES}
RULES = list(OWN.values())
_SOURCE = re.compile(r"(?P<title>\d+) (?P<code>CFR|USC) (?P<section>[0-9.a-z]+?)(?P<path>(?:\([0-9A-Za-z]+\))*)")


def verbatim(source: str) -> str:
    """The line of a paragraph; of a caption and its text, the text."""
    if source.startswith("[Art."):
        name, path = "mic3-compact", source
    else:
        parts = _SOURCE.fullmatch(source)
        assert parts is not None, source
        name, path = f"{parts['title']}-{parts['code'].lower()}-{parts['section']}", parts["path"]
    lines = (LAW / f"{name}.txt").read_text().splitlines()[3:]
    return [line for line in lines if (line.startswith(f"{path} ") if path else not line.startswith(("(", "[")))][-1]


@pytest.mark.skipif(not LAW.exists(), reason="the copies of the law's text are not beside the repository")
@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.source], ids=lambda rule: rule.kind)
def test_the_paragraph_is_the_one_that_the_rule_was_written_from(rule: DutyRule) -> None:
    assert hashlib.sha256(verbatim(rule.source).encode()).hexdigest() == rule.source_sha256


@pytest.mark.skipif(not LAW.exists(), reason="the copies of the law's text are not beside the repository")
@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule.source and isinstance(rule.term, CalendarDays)], ids=lambda rule: rule.kind
)
def test_a_figure_of_the_law_stands_in_its_text_and_one_of_ours_does_not(rule: DutyRule) -> None:
    assert isinstance(rule.term, CalendarDays)
    assert (f"{rule.term.days} days" in verbatim(rule.source)) == (rule.figure == "law")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
def test_what_is_checked_has_its_paragraph_and_what_is_not_has_none(rule: DutyRule) -> None:
    of_the_law = not isinstance(rule.term, Until) or rule.kind.startswith("inspect")
    assert bool(rule.source) == bool(rule.source_sha256) == (rule.checked and of_the_law)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind)
def test_a_rule_is_whole(rule: DutyRule) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", rule.kind)
    assert rule.what
    assert rule.starts
    assert rule.citation
    assert rule.warn_days > 0


def test_the_terms_of_the_law_are_these() -> None:
    figures = {kind: str(rule.term) for kind, rule in OWN.items() if rule.figure == "law"}
    assert figures == {
        "inspect-records": "45 days",
        "inspect-records-before-meeting": "until the meeting or hearing, or 45 days",
        "copy-of-disclosure-record": "30 days",
        "notify-of-conflict": "45 days",
        "annual-notice": "a year",
        "mic3-send-records": "10 days",
        "mic3-immunisations": "30 days",
        "msix-new-child": "10 working days",
        "msix-end-of-term": "30 days",
        "msix-moved": "4 working days",
        "msix-acknowledge-correction": "30 days",
        "msix-answer-correction": "10 working days",
        "breach-contractor-tells-agency-ny": "7 days",
        "breach-agency-tells-state-ny": "10 days",
        "breach-families-told-ny": "60 days",
        "breach-operator-tells-school-il": "30 days",
        "breach-families-told-il": "30 days",
    }


def test_what_was_never_compared_with_its_text_says_so() -> None:
    unchecked = {kind for kind, rule in OWN.items() if not rule.checked}
    told_by_memory = {kind for kind in OWN if kind.startswith(("msix-", "breach-"))}
    assert unchecked == {"inspect-records-before-meeting", "answer-public-question"} | told_by_memory

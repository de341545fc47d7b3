"""Obligations: a strict grammar, arguments that resolve or deny."""

from datetime import UTC, datetime, timedelta

import pytest

from services.privacy.policy import PolicySetBroken
from services.privacy.policy.entities import Record
from services.privacy.policy.obligations import KINDS, ObligationUnresolved, parse_obligations
from services.privacy.policy.time_values import milliseconds_of

NOW = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
ENDS = datetime(2027, 6, 30, 4, 0, tzinfo=UTC)
CONTEXT = Record(now=milliseconds_of(NOW), agreement=Record(ends_at=milliseconds_of(ENDS)))


def test_nothing_obliges_to_nothing() -> None:
    assert parse_obligations("") == parse_obligations(" \n ") == ()


@pytest.mark.parametrize(
    ("text", "citation", "due_at"),
    [
        ("no-redisclose:99.33(a)", "34 CFR 99.33(a)", None),
        ("attach-statement:99.21(c)", "34 CFR 99.21(c)", None),
        ("record:99.32(b)(2)", "34 CFR 99.32(b)(2)", None),
        ("record:exempt-99.32(d)(3)", "34 CFR 99.32(d)(3)", None),
        ("record:300.614", "34 CFR 300.614", None),
        ("record:1232g(b)(4)(A)", "20 U.S.C. 1232g(b)(4)(A)", None),
        ("provide:7908(a)(1)", "20 U.S.C. 7908(a)(1)", None),
        ("respond-within:P45D", "34 CFR 99.10(b)", NOW + timedelta(days=45)),
        ("route-to:custody-desk", None, None),
        ("status-only:1758(b)(6)(B)", "42 U.S.C. 1758(b)(6)(B)", None),
        ("copy-to-district:P30D", "34 CFR 99.32(b)(2)(iii)", NOW + timedelta(days=30)),
        ("destroy-by:agreement.ends_at", None, ENDS),
    ],
)
def test_an_obligation_has_its_citation_and_its_day(text: str, citation: str | None, due_at: datetime | None) -> None:
    (rule,) = parse_obligations(text)
    obligation = rule.resolve(CONTEXT)
    assert f"{obligation.kind}:{obligation.argument}" == text
    assert (obligation.citation, obligation.due_at) == (citation, due_at)


def test_several_stand_in_their_order() -> None:
    assert [rule.kind for rule in parse_obligations("\n record:99.32(a);\n notify-parent:99.34(a)(1)\n")] == ["record", "notify-parent"]


@pytest.mark.parametrize(
    "text",
    [
        "record",
        "record:",
        "Record:99.32(a)",
        "record:99.32(a);",
        "record:99.32(a) unless asked",
        "record:303.414",
        "route-to:custody",
        "route-to:",
        "record:99.32(a); record:99.32(a)",
        "copy-to-district:30",
        "copy-to-district:P0D",
        "copy-to-district:P1M",
        "destroy-by:consent.expires_at",
        "destroy-by:P30D",
        "forget:99.33(a)",
    ],
)
def test_what_the_grammar_does_not_know_is_refused(text: str) -> None:
    with pytest.raises(PolicySetBroken):
        parse_obligations(text)


@pytest.mark.parametrize(
    "context", [Record(now=0), Record(now=0, agreement=Record()), Record(now=0, agreement=Record(ends_at=True)), Record(now=0, agreement=7)]
)
def test_a_fact_that_is_not_there_does_not_resolve(context: Record) -> None:
    (rule,) = parse_obligations("destroy-by:agreement.ends_at")
    with pytest.raises(ObligationUnresolved):
        rule.resolve(context)


def test_the_vocabulary_is_closed() -> None:
    assert set(KINDS) == {
        "after-review", "attach-notice", "attach-statement", "copy-on-request", "copy-to-district", "destroy-by", "destroy-on-request",
        "do-not-notify", "hearing-on-request", "limit-to-order", "no-identify", "no-redisclose", "notify-parent", "provide",
        "purpose-limit", "record", "redact-others", "respond-within", "route-to", "status-only", "verify-identity",
    }  # fmt: skip

"""A decision in process: facts in, the full answer out, with reasons, obligations and hashes; one student, and a vendor's page."""

import time
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from bench.figures import Figure, as_served, median_of, percentile
from safepassage.elements import ELEMENTS
from services.privacy.policy import PolicyInput, PolicySet, build_input, counterfactuals, decide, load_policy_set
from services.privacy.policy.context import contexts
from services.privacy.policy.entities import entity
from services.privacy.policy.taxonomy import RECIPIENTS
from shared.contracts.privacy import SubjectFacts, SubjectVersion
from tests.privacy.policy.evidence import (
    NOW,
    OTHER_DISTRICT,
    SEA,
    STUDENT,
    VENDOR,
    agreement,
    built,
    consent,
    organisations,
    request,
    student,
)

TITLE = "A decision in process; percentiles are of the thread's own CPU time"

EVERY = tuple(element.id for element in ELEMENTS)
TWENTY_TWO, TEN = EVERY[:22], tuple(element.id for element in ELEMENTS if element.sensitivity == "ordinary")[:10]
DECISIONS, PAGES, STUDENTS = 3_000, 15, 1_000


def run() -> list[Figure]:
    """Measure; every answer is checked for what it has to permit, so that nothing is measured that does not decide."""
    policy_set = load_policy_set()
    as_served()
    scheduled = {"agreement": agreement(elements=TWENTY_TWO)}
    vendor = built(request("contractor", elements=TWENTY_TWO), **scheduled)
    exchange = built(request("transfer", elements=TWENTY_TWO))
    refused = built(request("consent", elements=TWENTY_TWO), consent=consent(elements=TEN[:1]))
    figures = _one_element(vendor, policy_set)
    figures += _percentiles("22 elements, contractor", lambda: _permits(vendor, policy_set, 22), "22 permitted, 6 obligations")
    figures += _percentiles("22 elements, transfer onward", lambda: _permits(exchange, policy_set, 21), "21 permitted, 9 obligations")
    figures += _percentiles("22 elements, all but one withheld", lambda: _permits(refused, policy_set, 1), "every reason explained")
    figures += _percentiles(
        "what would permit each of the 21", lambda: _explains(refused, policy_set), "every change tried", goals=("<= 5000", "")
    )
    figures += _percentiles("facts of one student", _facts(scheduled), "from what was read; no hash", goals=("", ""))
    return [*figures, *_page(policy_set), Figure("load the policy set", _milliseconds(load_policy_set.__wrapped__), "ms", "<= 250")]


def _one_element(policy_input: PolicyInput, policy_set: PolicySet) -> list[Figure]:
    """Is one element permitted? As Cedar's `is_authorized` answers: which permits and forbids match, on facts as rules read them."""
    (context,) = contexts(policy_input, policy_set.taxonomy)
    if context is None:
        raise RuntimeError("a case without usable facts")
    principal, action = entity(RECIPIENTS[policy_input.recipient.kind], policy_input.recipient.id), entity("Action", policy_input.action)
    asked = [
        (principal, action, one, policy_set.taxonomy.ancestors[one], context) for one in map(policy_set.taxonomy.elements.get, EVERY) if one
    ]

    def each() -> None:
        for one in asked:
            policy_set.grants.matching(*one)

    if not all(policy_set.grants.matching(*one)[0] for one in asked[:22]):
        raise RuntimeError("the decision that is measured is not the decision that is meant")
    alone = policy_input.model_copy(update={"elements": policy_input.elements[:1]})
    whole = _percentiles(
        "  with obligations, reasons and hashes", lambda: _permits(alone, policy_set, 1), "a whole decision", goals=("", "")
    )
    return [Figure("one element, permitted or not, p50", _microseconds(each) / len(asked), "µs", "<= 5", "88 rules"), *whole]


def _microseconds(call: Callable[[], object]) -> float:
    return _milliseconds(call, runs=DECISIONS // 10) * 1e3


def _explains(policy_input: PolicyInput, policy_set: PolicySet) -> None:
    if len(counterfactuals(policy_input, policy_set)) != len(TWENTY_TWO) - 1:
        raise RuntimeError("the explanation that is measured is not the one that is meant")


def _facts(evidence: Mapping[str, Any]) -> Callable[[], object]:
    """What a decision makes of facts that were read; the organisations' tree is new each time."""
    asked, subjects, known = request("contractor", elements=TWENTY_TWO), [student()], organisations()
    return lambda: build_input(
        asked, now=NOW, node_organisation_id=SEA, caller_organisation_id=VENDOR, subjects=subjects, organisations=known, **evidence
    )


def _permits(policy_input: PolicyInput, policy_set: PolicySet, count: int) -> None:
    outcome = decide(policy_input, policy_set)
    if len(outcome.subjects[0].permitted) != count or outcome.alerts:
        raise RuntimeError("the decision that is measured is not the decision that is meant")


def _percentiles(name: str, call: Callable[[], object], note: str, goals: tuple[str, str] = ("<= 150", "<= 500")) -> list[Figure]:
    times = []
    for _ in range(DECISIONS):
        started = time.thread_time_ns()
        call()
        times.append((time.thread_time_ns() - started) / 1e3)
    return [
        Figure(f"{name}, p50", percentile(times, 50), "µs", goals[0], note),
        Figure(f"{name}, p99", percentile(times, 99), "µs", goals[1]),
    ]


def _page(policy_set: PolicySet) -> list[Figure]:
    """Students of two districts, one of them homeless in 40, one with a protected address in 100: nine groups of facts."""
    subjects = [_student(number) for number in range(STUDENTS)]
    asked = request(
        "contractor", elements=TEN, subjects=tuple(SubjectVersion(student_id=it.student_id, facts_version=3) for it in subjects)
    )
    evidence = {"agreement": agreement(elements=TEN), "subjects": subjects}
    page = built(asked, **evidence)

    def whole() -> None:
        policy_input = built(asked, **evidence)
        outcome = decide(policy_input, policy_set)
        policy_input.canonical(), outcome.canonical()
        if sum(len(subject.permitted) for subject in outcome.subjects) < STUDENTS:
            raise RuntimeError("the page that is measured permits less than it has to")

    name = f"{STUDENTS} students × {len(TEN)} elements"
    return [
        Figure(f"{name}, decided", _milliseconds(lambda: decide(page, policy_set)), "ms", "<= 100", f"{len(page.groups)} groups of facts"),
        Figure(f"{name}, facts and recorded bytes too", _milliseconds(whole), "ms", "<= 100"),
    ]


def _student(number: int) -> SubjectFacts:
    flags = {flag for flag, every in (("homeless", 40), ("protected-address", 100)) if number % every == 0}
    return student(
        student_id=UUID(int=STUDENT.int + number),
        birth_date=date(2008, 1, 1) + timedelta(days=5 * number),
        custodian_id=OTHER_DISTRICT if number % 4 == 0 else student().custodian_id,
        flags=frozenset(flags),
    )


def _milliseconds(call: Callable[[], object], *, runs: int = PAGES) -> float:
    def once() -> float:
        started = time.perf_counter()
        call()
        return (time.perf_counter() - started) * 1e3

    return median_of(runs, once)

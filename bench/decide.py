"""A decision in process: facts in, the full answer out, with reasons, obligations and hashes; one student, and a vendor's page."""

import time
from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

from bench.figures import Figure, median_of, percentile
from safepassage.elements import ELEMENTS
from services.privacy.policy import PolicyInput, PolicySet, decide, load_policy_set
from shared.contracts.privacy import SubjectFacts, SubjectVersion
from tests.privacy.policy.evidence import OTHER_DISTRICT, STUDENT, agreement, built, consent, request, student

TITLE = "A decision in process"

EVERY = tuple(element.id for element in ELEMENTS)
TWENTY_TWO, TEN = EVERY[:22], tuple(element.id for element in ELEMENTS if element.sensitivity == "ordinary")[:10]
DECISIONS, PAGES, STUDENTS = 3_000, 15, 1_000


def run() -> list[Figure]:
    """Measure; every answer is checked for what it has to permit, so that nothing is measured that does not decide."""
    policy_set = load_policy_set()
    scheduled = {"agreement": agreement(elements=TWENTY_TWO)}
    vendor = built(request("contractor", elements=TWENTY_TWO), **scheduled)
    exchange = built(request("transfer", elements=TWENTY_TWO))
    refused = built(request("consent", elements=TWENTY_TWO), consent=consent(elements=TEN[:1]))
    figures = _percentiles("22 elements, contractor", lambda: _permits(vendor, policy_set, 22), "22 permitted, 6 obligations")
    figures += _percentiles("22 elements, transfer onward", lambda: _permits(exchange, policy_set, 21), "21 permitted, 9 obligations")
    figures += _percentiles("22 elements, all but one withheld", lambda: _permits(refused, policy_set, 1), "every reason explained")
    figures += _percentiles("facts of one student", lambda: built(request("contractor", elements=TWENTY_TWO), **scheduled), "", goal="")
    return [*figures, *_page(policy_set), Figure("load the policy set", _milliseconds(load_policy_set), "ms", "<= 250")]


def _permits(policy_input: PolicyInput, policy_set: PolicySet, count: int) -> None:
    outcome = decide(policy_input, policy_set)
    if len(outcome.subjects[0].permitted) != count or outcome.alerts:
        raise RuntimeError("the decision that is measured is not the decision that is meant")


def _percentiles(name: str, call: Callable[[], object], note: str, goal: str = "<= 150") -> list[Figure]:
    times = []
    for _ in range(DECISIONS):
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1e6)
    return [
        Figure(f"{name}, p50", percentile(times, 50), "µs", goal, note),
        Figure(f"{name}, p99", percentile(times, 99), "µs", "<= 500" if goal else ""),
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


def _milliseconds(call: Callable[[], object]) -> float:
    def once() -> float:
        started = time.perf_counter()
        call()
        return (time.perf_counter() - started) * 1e3

    return median_of(PAGES, once)

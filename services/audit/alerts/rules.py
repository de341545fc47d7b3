"""What is unusual in what an actor did on a day. Each rule is a pure function of counts; what it finds is an entry of the log."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from safepassage.wire_alerts import AlertRule
from services.audit.alerts.activity import READING, Activity, Habit, students_by_day, usual_students
from services.audit.alerts.thresholds import Thresholds

NOBODY_FOUND: Final = "not-found"
FINDING_MATCH: Final = "finding-match"
DENIED: Final = "deny"
PERMITTED: Final = ("permit", "permit-with-redaction")
"""Of the class of decisions is also what is put on record beside them: evidence, and that it was revoked. That answers nobody."""
BROKEN_GLASS: Final = "emergency"
EXPORTS: Final = "export-"
RECONCILED: Final = "exchange-reconciliation"
DIFFERENCE: Final = "difference"
UNSETTLED: Final = frozenset({("receipt", "overdue"), ("trust", "id-reused")})
"""Class and outcome: whether a record was filed was never told; another message came under an id that is taken."""


class Finding(NamedTuple):
    """What was found, and in which entries."""

    rule: AlertRule
    first: int
    last: int
    amount: int
    """Students, entries, denials or days, as the rule counts."""
    usual: int
    """In the same measure, what is usual; 0 where there is no such thing."""


Rule = Callable[[Habit, Thresholds], Iterator[Finding]]


def bulk_read(habit: Habit, at: Thresholds) -> Iterator[Finding]:
    """Far more students than is usual for the actor."""
    read, usual = _students(habit, habit.day), usual_students(habit, habit.day)
    if _is_bulk(read, usual, at):
        yield _over([one for one in habit.today if one.shape.class_ in READING], "bulk-read", read, usual)


def after_hours(habit: Habit, at: Thresholds) -> Iterator[Finding]:
    """A client read when nobody works, at an hour at which it did not in the four weeks before. A job has no hours."""
    if not habit.is_client:
        return
    told = habit.told.get("after-hours", frozenset())
    days = [one for one in habit.days_before(habit.day) if one.shape.class_ in READING and one.day not in told]
    known = {slot for one in days for slot in habit.hours.slots(one)}
    late = [
        one
        for one in habit.today
        if one.shape.class_ in READING and any(not habit.hours.is_open(slot) for slot in habit.hours.slots(one) - known)
    ]
    if late:
        yield _over(late, "after-hours", sum(one.entries for one in late), 0)


def first_seen_actor(habit: Habit, _: Thresholds) -> Iterator[Finding]:
    """A client read students' data that never did before, however little: clients are few, and each was registered by somebody."""
    read = [one for one in habit.today if one.shape.class_ in READING and one.subjects]
    if read and habit.is_client and not habit.has_read_before:
        yield _over(read, "first-seen-actor", sum(one.subjects for one in read), 0)


def first_seen_purpose(habit: Habit, _: Thresholds) -> Iterator[Finding]:
    """A client with a history used a purpose that it had not used in the four weeks before."""
    known = {one.shape.purpose for one in habit.days_before(habit.day)} - {""}
    new = [one for one in habit.today if one.shape.purpose and one.shape.purpose not in known]
    if known and new and habit.is_client:
        yield _over(new, "first-seen-purpose", sum(one.entries for one in new), 0)


def denied_then_permitted(habit: Habit, at: Thresholds) -> Iterator[Finding]:
    """Denials one after another, and then a permission: somebody varied the question until it was answered.

    Of clients alone: what a job of the node asks for comes from many, of whom each other one may be denied what it asks once.
    """
    run = longest = 0
    for permitted in habit.decisions:
        if permitted:
            longest, run = max(longest, run), 0
        else:
            run += 1
    if longest >= at.denials and habit.is_client:
        yield _over([one for one in habit.today if one.shape.class_ == "decision"], "denied-then-permitted", longest, 0)


def enumeration(habit: Habit, at: Thresholds) -> Iterator[Finding]:
    """Most look-ups of the day found nobody, and they were many: somebody tries identifiers out.

    Findings have a number of their own: who does not know where a child was asks every node, and most of them have not got it.
    """
    nobody = [one for one in habit.today if one.shape.outcome == NOBODY_FOUND]
    finding = [one for one in nobody if one.shape.operation == FINDING_MATCH]
    named = [one for one in nobody if one.shape.operation != FINDING_MATCH]
    for absent, many in ((named, at.absences), (finding, at.findings)):
        kinds = {one.shape.operation for one in absent}
        count, asked = _entries(absent), _entries([one for one in habit.today if one.shape.operation in kinds])
        if count >= many and 2 * count > asked:
            yield _over(absent, "enumeration", count, asked - count)
            return


def break_glass(habit: Habit, _: Thresholds) -> Iterator[Finding]:
    """Anything on the basis of an emergency: few, and each is looked at."""
    broken = [one for one in habit.today if one.shape.basis == BROKEN_GLASS]
    if broken:
        yield _over(broken, "break-glass", _entries(broken), 0)


def export_after_bulk_read(habit: Habit, at: Thresholds) -> Iterator[Finding]:
    """Somebody exported who read in bulk on the same day or the one before."""
    exported = [one for one in habit.today if one.shape.class_ == "export" and one.shape.operation.startswith(EXPORTS)]
    if not exported:
        return
    yesterday = _is_bulk(_students(habit, habit.day - 1), usual_students(habit, habit.day - 1), at)
    read = [one for one in habit.today if one.shape.class_ in READING]
    today = bool(read) and min(one.first for one in read) < max(one.last for one in exported)
    if yesterday or (today and _is_bulk(_students(habit, habit.day), usual_students(habit, habit.day), at)):
        yield _over(exported, "export-after-bulk-read", _entries(exported), 0)


def dormant_credential(habit: Habit, at: Thresholds) -> Iterator[Finding]:
    """A client that had done nothing for long is at work again."""
    if habit.is_client and habit.last_day_before is not None and habit.day - habit.last_day_before >= at.dormant_days:
        yield _over(habit.today, "dormant-credential", habit.day - habit.last_day_before, 0)


def exchange_difference(habit: Habit, _: Thresholds) -> Iterator[Finding]:
    """What this node and another count of a day's messages differs, and time does not explain it. Each is told."""
    differing = [one for one in habit.today if one.shape.operation == RECONCILED and one.shape.outcome == DIFFERENCE]
    if differing:
        yield _over(differing, "exchange-difference", _entries(differing), 0)


def exchange_unsettled(habit: Habit, _: Thresholds) -> Iterator[Finding]:
    """What no further attempt settles, and two agencies have to talk about. Each is told."""
    unsettled = [one for one in habit.today if (one.shape.class_, one.shape.outcome) in UNSETTLED]
    if unsettled:
        yield _over(unsettled, "exchange-unsettled", _entries(unsettled), 0)


OF_AN_ACTOR: Final[Sequence[Rule]] = (
    bulk_read,
    after_hours,
    first_seen_actor,
    first_seen_purpose,
    denied_then_permitted,
    enumeration,
    break_glass,
    export_after_bulk_read,
    dormant_credential,
    exchange_difference,
    exchange_unsettled,
)


def findings(habit: Habit, at: Thresholds) -> list[Finding]:
    """Everything unusual of one actor's day."""
    return [found for rule in OF_AN_ACTOR for found in rule(habit, at)] if habit.today else []


def wants_decisions(today: Sequence[Activity], at: Thresholds) -> bool:
    """Whether the order of the day's decisions can matter: there are enough denials, and a permission after the first of them."""
    decided = [one for one in today if one.shape.class_ == "decision"]
    denied = [one for one in decided if one.shape.outcome == DENIED]
    if _entries(denied) < at.denials:
        return False
    return any(one.last > min(other.first for other in denied) for one in decided if one.shape.outcome in PERMITTED)


def is_reopened(rule: str, acknowledged: int, seen: int) -> bool:
    """Whether what was acknowledged went on so far that it is to be looked at again: to twice as much; of an emergency, at all."""
    return seen > acknowledged * (1 if rule == "break-glass" else 2)


def _students(habit: Habit, day: int) -> int:
    return students_by_day(habit.today if day == habit.day else habit.before).get(day, 0)


def _is_bulk(read: int, usual: int, at: Thresholds) -> bool:
    return read >= at.bulk_students and read > at.bulk_factor * usual


def _entries(activity: Sequence[Activity]) -> int:
    return sum(one.entries for one in activity)


def _over(activity: Sequence[Activity], rule: AlertRule, count: int, usual: int) -> Finding:
    return Finding(rule, min(one.first for one in activity), max(one.last for one in activity), count, usual)

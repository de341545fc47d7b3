"""Reading from the index what actors did on a day, and what they did before."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from safepassage.wire_alerts import AlertRule
from services.audit.alerts.activity import DAYS_LOADED, READING, Activity, Habit, Shape, WorkingHours
from services.audit.alerts.rules import DENIED, PERMITTED, wants_decisions
from services.audit.alerts.thresholds import Thresholds
from services.audit.driver import Driver
from services.audit.index.bitmaps import BLOCK, ascending, between
from services.audit.index.lookup import Query, Stretch, bits_in, candidates
from services.audit.index.terms import Kind, TermKeys, digest_of
from services.audit.index.words import opened_words

KEPT_IN_MEMORY: Final = 8_192
NOTHING_READ: Final = -1
_COLUMNS: Final = "actor, day, log, shape, entries, subjects, hours, first, last"


class Span(NamedTuple):
    """Entries [start, end) of one log that the index has and the rules have not seen."""

    year: int
    start: int
    end: int
    day: int
    """The day of the entry before `start`: none of these is of an earlier one."""


class Past(NamedTuple):
    """What came before an actor's day. It changes no more, so that of the next day only what came in between is read."""

    day: int
    """Before which; NOTHING_READ where it is still to be read."""
    before: Sequence[Activity]
    last_day: int | None
    has_read: bool
    terms: Sequence[bytes]
    """What the index calls the actor: in this school year, and in the one before."""
    is_client: bool


def next_span(driver: Driver) -> Span | None:
    """What is to be looked at next; None if nothing is. While an index is made again, nothing is."""
    seen = {log: (at, day) for log, at, day in driver.rows("SELECT log, at, day FROM alert_cursor")}
    for log, indexed in driver.rows("SELECT log, at FROM index_cursor ORDER BY log"):
        at, day = seen.get(log, (0, 0))
        if at < indexed:
            return Span(log, at, indexed, day)
    return None


def actors_of(driver: Driver, span: Span) -> tuple[Span, list[bytes]]:
    """The first day of a span, as a span, and who did something on it. What comes later is another span, and is not read for this one."""
    query = "SELECT day FROM activity WHERE day >= ? AND log = ? AND last >= ? ORDER BY day LIMIT 1"
    found = driver.rows(query, span.day, span.year, span.start)
    if not found:
        return span, []
    ((day,),) = found
    if driver.rows("SELECT 1 FROM activity WHERE day > ? AND log = ? LIMIT 1", day, span.year):
        ((last,),) = driver.rows("SELECT max(last) FROM activity WHERE day = ? AND log = ?", day, span.year)
        span = span._replace(end=min(span.end, last + 1))
    query = "SELECT DISTINCT actor FROM activity WHERE day = ? AND log = ? AND last >= ? ORDER BY actor"
    return span._replace(day=day), [bytes(actor) for (actor,) in driver.rows(query, day, span.year, span.start)]


class Habits:
    """Reads habits; keeps in memory what is asked for again and again."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        self._shapes: OrderedDict[bytes, Shape] = OrderedDict()
        self._past: OrderedDict[bytes, Past] = OrderedDict()

    def of(self, driver: Driver, keys: TermKeys, span: Span, actors: Sequence[bytes], hours: WorkingHours) -> dict[bytes, Habit]:
        """The habits of some actors on the day of a span."""
        today: dict[bytes, list[Activity]] = {actor: [] for actor in actors}
        for actor, on, year, *counted in _activity(driver, actors, span.day, span.day):
            if year == span.year:
                today[actor].append(self._counted(driver, keys, on, counted))
        past = self._before(driver, keys, span.day, actors)
        told, accepted = _told(driver, [term for one in past.values() for term in one.terms], span.day)
        return {
            actor: Habit(
                span.day,
                today[actor],
                past[actor].before,
                hours,
                past[actor].is_client,
                past[actor].last_day,
                past[actor].has_read,
                _of(told, past[actor].terms),
                _of(accepted, past[actor].terms),
                self._decisions(driver, keys, span, actor, today[actor]),
            )
            for actor in actors
        }

    def _before(self, driver: Driver, keys: TermKeys, day: int, actors: Sequence[bytes]) -> dict[bytes, Past]:
        missing = [actor for actor in actors if actor not in self._past or self._past[actor].day != day]
        if missing:
            names = {bytes(actor): (former, bool(is_client)) for actor, former, is_client in _in(driver, "index_actor", "actor", missing)}
            by_day: dict[int, list[Past]] = {}
            for actor in missing:
                former, is_client = names.get(actor, (None, False))
                past = self._known(actor, [actor] if former is None else [actor, bytes(former)], is_client, day)
                by_day.setdefault(past.day, []).append(past)
            for since, some in by_day.items():
                whose = {term: past for past in some for term in past.terms}
                between: dict[bytes, list[Activity]] = {past.terms[0]: [] for past in some}
                for term, on, _, *counted in _activity(driver, sorted(whose), max(since, day - DAYS_LOADED), day - 1):
                    between[whose[term].terms[0]].append(self._counted(driver, keys, on, counted))
                for past in some:
                    self._past[past.terms[0]] = self._until(driver, keys, past, day, between[past.terms[0]])
                    self._past.move_to_end(past.terms[0])
        found = {actor: self._past[actor] for actor in actors}
        while len(self._past) > KEPT_IN_MEMORY:
            self._past.popitem(last=False)
        return found

    def _known(self, actor: bytes, terms: Sequence[bytes], is_client: bool, day: int) -> Past:
        """What is known of an actor before an earlier day; otherwise a past of which nothing was read."""
        past = self._past.get(actor)
        if past is not None and past.terms == terms and day - DAYS_LOADED <= past.day < day:
            return past
        return Past(NOTHING_READ, (), None, False, terms, is_client)

    def _until(self, driver: Driver, keys: TermKeys, past: Past, day: int, between: list[Activity]) -> Past:
        """The past before `day`, from the one before an earlier day and what came in between."""
        first = day - DAYS_LOADED
        before = [one for one in past.before if one.day >= first] + between
        last = max((one.day for one in between), default=past.last_day)
        has_read = past.has_read or any(one.shape.class_ in READING and one.subjects for one in between)
        if past.day == NOTHING_READ and (last is None or not has_read):
            marks = ",".join("?" * len(past.terms))
            query = f"SELECT shape, max(day), max(subjects) FROM activity WHERE actor IN ({marks}) AND day < ? GROUP BY shape"  # noqa: S608 marks alone
            for shape, on, subjects in driver.rows(query, *past.terms, first):
                last = on if last is None else max(last, on)
                has_read = has_read or bool(subjects and self._shape(driver, keys, bytes(shape)).class_ in READING)
        return past._replace(day=day, before=before, last_day=last, has_read=has_read)

    def _counted(self, driver: Driver, keys: TermKeys, day: int, counted: Sequence[Any]) -> Activity:
        shape, entries, subjects, hours, first, last = counted
        return Activity(day, self._shape(driver, keys, bytes(shape)), entries, subjects, hours, first, last)

    def _shape(self, driver: Driver, keys: TermKeys, shape: bytes) -> Shape:
        found = self._shapes.get(shape)
        if found is None:
            ((words,),) = driver.rows("SELECT words FROM activity_shape WHERE shape = ?", shape)
            found = self._shapes[shape] = Shape(*opened_words(keys.words, shape, bytes(words)))
            while len(self._shapes) > KEPT_IN_MEMORY:
                self._shapes.popitem(last=False)
        return found

    def _decisions(self, driver: Driver, keys: TermKeys, span: Span, actor: bytes, today: Sequence[Activity]) -> Sequence[bool]:
        """The day's decisions on the actor in their order, where it can matter."""
        if not wants_decisions(today, self._thresholds):
            return ()
        decided = [one for one in today if one.shape.class_ == "decision"]
        stretch = Stretch(span.year, min(one.first for one in decided), max(one.last for one in decided) + 1)
        outcomes = {one: digest_of(Kind.OUTCOME, one, keys.words) for one in (DENIED, *PERMITTED)}
        of_actor = (frozenset({actor}), frozenset({digest_of(Kind.CLASS, "decision", keys.words)}))
        all_of, denied = (*of_actor, frozenset(outcomes.values())), Query((), (*of_actor, frozenset({outcomes[DENIED]})))
        ordered: list[bool] = []
        for blocks in reversed(list(candidates(driver, Query((), all_of), stretch))):
            every, no = bits_in(driver, Query((), all_of), stretch, blocks), bits_in(driver, denied, stretch, blocks)
            for block in sorted(blocks):
                ordered += in_order(every.get(block, 0), no.get(block, 0))
        return ordered


def in_order(decided: int, denied: int) -> list[bool]:
    """The decisions of a block in their order: False for each denial, True for permissions between two of them, however many."""
    ordered, start = list[bool](), 0
    for position in ascending(denied):
        if decided & between(start, position):
            ordered.append(True)
        ordered.append(False)
        start = position + 1
    if decided & between(start, BLOCK):
        ordered.append(True)
    return ordered


Days = dict[bytes, dict[AlertRule, set[int]]]


def _told(driver: Driver, terms: Sequence[bytes], day: int) -> tuple[Days, Days]:
    """Of each term and rule the days before that were told of: those that stand, and those that an official has accepted."""
    told: Days = {}
    accepted: Days = {}
    marks = ",".join("?" * len(terms))
    query = (
        "SELECT rule, subject, day, acknowledged_as FROM alert WHERE rule IN ('bulk-read', 'after-hours') "  # noqa: S608 marks alone
        f"AND subject IN ({marks}) AND day >= ? AND day < ?"
    )
    for rule, subject, on, reason in driver.rows(query, *terms, day - DAYS_LOADED, day):
        days = accepted if reason == "expected" else told
        days.setdefault(bytes(subject), {}).setdefault(rule, set()).add(on)
    return told, accepted


def _of(days: Days, terms: Iterable[bytes]) -> dict[AlertRule, frozenset[int]]:
    found: dict[AlertRule, frozenset[int]] = {}
    for term in terms:
        for rule, on in days.get(term, {}).items():
            found[rule] = found.get(rule, frozenset()) | on
    return found


def _activity(driver: Driver, terms: Sequence[bytes], first: int, last: int) -> list[tuple[Any, ...]]:
    marks = ",".join("?" * len(terms))
    query = f"SELECT {_COLUMNS} FROM activity WHERE actor IN ({marks}) AND day >= ? AND day <= ? ORDER BY day, first"  # noqa: S608 marks alone
    return [(bytes(term), *others) for term, *others in driver.rows(query, *terms, first, last)]


def _in(driver: Driver, table: str, column: str, values: Sequence[bytes]) -> list[tuple[Any, ...]]:
    marks = ",".join("?" * len(values))
    return driver.rows(f"SELECT * FROM {table} WHERE {column} IN ({marks})", *values)  # noqa: S608 names of ours

"""`POST /v1/log/tallies`: how many entries there are of each kind, for those who watch over the whole."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.log import LogFrozen, PurposeMissing
from safepassage.problems.requests import LogUnavailable, NotPermitted
from safepassage.wire_log import EntrySearch
from safepassage.wire_log_tallies import Dimension, Tallies, Tally, TallyQuestion, TallyRequest, TallyRow
from services.audit.blast_radius import Investigator
from services.audit.driver import Driver
from services.audit.index.lookup import Query, Stretch, candidates, query_of
from services.audit.index.projector import Projector
from services.audit.index.radius import words_of
from services.audit.index.tallying import Alike, Axis, Spread, tallied_in
from services.audit.index.terms import HERE, Kind, TermKeys, actor_value, term_keys, term_of
from services.audit.known_nodes import known_nodes
from services.audit.measured_radius import CAUGHT_UP_WITH
from services.audit.openings import sight_of
from services.audit.search_clauses import clauses_of, narrowed
from services.audit.search_log import record_search
from services.audit.searching import stretches_in, window_of
from shared.database import Database
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/log/tallies", tags=["log"])

KINDS: Final[Mapping[Dimension, Kind]] = {
    "class": Kind.CLASS,
    "operation": Kind.OPERATION,
    "purpose": Kind.PURPOSE,
    "basis": Kind.BASIS,
    "outcome": Kind.OUTCOME,
    "reason": Kind.REASON,
    "recipient_state": Kind.NODE,
    "sender_state": Kind.ACTOR,
}


@router.post("", responses=responses(NotPermitted, PurposeMissing, LogFrozen, LogUnavailable))
async def tally_log(asked: TallyRequest, request: Request, caller: Investigator, now: Now) -> Tallies:
    """Count entries between instants by what they say, without opening one. A district's are those about its own students."""
    state = request.app.state
    database: Database = state.database
    projector: Projector = state.projector
    if projector.behind.entries <= CAUGHT_UP_WITH:
        await projector.catch_up()
    async with database.reading() as tx:
        sight = await sight_of(tx, caller)
        spreads, unseen = await _spreads_of(tx, asked)
        known = await known_nodes(tx, state.settings.entity_id)
    of_terms = await database.read(lambda connection: term_keys(Driver(connection), state.keys))
    states = {node: each[-1] for node, each in known.states.items()}
    of_states = {HERE: known.state_of(HERE) or "", **states}
    answers = []
    for one in asked.tallies:
        clauses = clauses_of(one.search, nodes_of=known.of_state)
        query = query_of(narrowed(clauses, sight), of_terms)
        axes = [_axis_of(dimension, states, of_terms) for dimension in one.by]
        counted: Counter[Alike] = Counter()
        for year in sorted(spreads):
            mine = spreads[year]
            whole = Stretch(year, mine[0].stretch.start, mine[-1].stretch.end)
            for blocks in await database.read(partial(_blocks, query, whole)):
                counted += await database.read(partial(_tallied, query, mine, blocks, axes))
        words = await database.read(partial(_words, of_terms, {term for _, terms in counted for term in terms if term}))
        answers.append(_tally(one, axes, counted, words, of_states))
    entries = sum(row.entries for answer in answers for row in answer.rows)
    await record_search(state.sequencer, caller, operation="tally-log", student_id=None, count=entries, now=now)
    return Tallies(tallies=tuple(answers), not_looked_at=unseen)


async def _spreads_of(tx: AsyncSession, asked: TallyRequest) -> tuple[dict[int, list[Spread]], int]:
    """The intervals as stretches of each log, as far as the index has them; and how many entries it has not."""
    rows = await tx.run_sync(lambda session: Driver(session.connection()).rows("SELECT log, at FROM index_cursor"))
    indexed, spreads, unseen = dict(rows), dict[int, list[Spread]](), 0
    for interval, (since, until) in enumerate(zip(asked.bounds, asked.bounds[1:], strict=False)):
        for stretch in await stretches_in(tx, await window_of(tx, EntrySearch(logged_from=since, logged_until=until), None)):
            end = min(max(indexed.get(stretch.year, 0), stretch.start), stretch.end)
            unseen += stretch.end - end
            if stretch.start < end:
                spreads.setdefault(stretch.year, []).append(Spread(interval, stretch._replace(end=end)))
    return spreads, unseen


def _axis_of(dimension: Dimension, states: Mapping[str, str], keys: TermKeys) -> Axis:
    """Who sent is a tag of the school year: the peers that a trust list has or had are looked for."""
    kind = KINDS[dimension]
    if dimension != "sender_state":
        return Axis(kind)
    terms = {term_of(kind, actor_value(client_id=node), keys, epoch): state for node, state in states.items() for epoch in keys.tags}
    return Axis(kind, {term: state for term, state in terms.items() if term is not None} or {b"": ""})


def _blocks(query: Query, stretch: Stretch, connection: Connection) -> list[list[int]]:
    return list(candidates(Driver(connection), query, stretch))


def _tallied(query: Query, spreads: Sequence[Spread], blocks: list[int], axes: Sequence[Axis], connection: Connection) -> Counter[Alike]:
    return tallied_in(Driver(connection), query, spreads, blocks, axes)


def _words(keys: TermKeys, terms: set[bytes], connection: Connection) -> dict[bytes, str]:
    return words_of(Driver(connection), keys, terms)


def _tally(
    question: TallyQuestion, axes: Sequence[Axis], counted: Counter[Alike], words: Mapping[bytes, str], states: Mapping[str, str]
) -> Tally:
    """What is alike in words is one row: a state may have two nodes, a year's end two tags for one peer."""
    together: Counter[tuple[int, tuple[str, ...]]] = Counter()
    for (interval, terms), count in counted.items():
        values = []
        for dimension, axis, term in zip(question.by, axes, terms, strict=True):
            word = axis.terms.get(term, "") if axis.terms else words.get(term, "")
            values.append(states.get(word, "") if dimension == "recipient_state" else word)
        together[interval, tuple(values)] += count
    order = sorted(together.items(), key=lambda one: (one[0][0], -one[1], one[0][1]))
    return Tally(rows=tuple(TallyRow(interval=interval, values=values, entries=count) for (interval, values), count in order))

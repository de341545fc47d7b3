"""A line between two nodes that loses, repeats and holds back what is handed over, as it is told; and that looks at what goes over it."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from safepassage.bundles import entries_until_damage
from safepassage.canonical import digest_of
from safepassage.compact import split
from safepassage.envelope import split_body
from safepassage.leaf import parse_leaf
from safepassage.message_batches import BatchAnswers
from safepassage.problems.exchanges import PeerUnavailable
from safepassage.trust_members import Member
from services.audit.tables import LogRow, SegmentRow
from services.records.exchange.peers import PeerAnswer, Peers
from tests.records.exchange.as_sent import ENVELOPES, TOGETHER, messages_of
from tests.records.exchange.two_states import State
from tests.soak.account import Crossed, Place
from tests.soak.holdings import place_in

Fate = Literal["arrives", "is lost", "is not answered", "comes twice", "is held back"]
"""Of one call."""
KINDS_OF_CALLS: Final = ("request", "envelope", "receipt")


@dataclass
class Seen:
    """What went over the line, both ways, and what was wrong with it."""

    fates: dict[str, deque[Fate]] = field(default_factory=lambda: {kind: deque() for kind in KINDS_OF_CALLS})
    """Of the next calls with messages of each kind; those after them arrive."""
    away: set[str] = field(default_factory=set)
    """Nodes, by their entity id, that nobody reaches."""
    held: list["Held"] = field(default_factory=list)
    crossed: dict[str, Crossed] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Held:
    """A call that will arrive some time, when nobody waits for its answer any more."""

    line: "BadLine"
    call: dict[str, Any]

    async def arrive(self) -> None:
        """Now."""
        await self.line.through(**self.call)


class BadLine:
    """In the place of one node's client for others (Peers)."""

    def __init__(self, sender: State, seen: Seen) -> None:
        self._sender, self._seen = sender, seen
        self._peers: Peers = sender.exchange.peers

    def take_its_place(self) -> None:
        """From now on everything that the node hands over goes this way."""
        exchange: Any = self._sender.exchange
        exchange.peers = exchange.deliveries._peers = exchange.peer_logs._peers = self

    async def post(self, member: Member, path: str, content: bytes, **about: Any) -> PeerAnswer:
        """As `Peers.post`."""
        members = messages_of(content, about["content_type"])
        if about["content_type"] in ENVELOPES or path.endswith("envelope-batches"):
            for one in members:
                await self._note_crossing(one)
        call = {"member": member, "path": path, "content": content, **about}
        fates = self._seen.fates[next((kind for kind in KINDS_OF_CALLS if path.removeprefix("/v1/peer/").startswith(kind)), "receipt")]
        fate = fates.popleft() if fates else "arrives"
        if fate == "is held back":
            self._seen.held.append(Held(self, call))
        if fate in ("is lost", "is held back"):
            raise PeerUnavailable
        answer = await self.through(**call)
        if fate == "comes twice":
            answer = await self.through(**call)
        if fate == "is not answered":
            raise PeerUnavailable
        return answer

    async def through(self, member: Member, path: str, content: bytes, **about: Any) -> PeerAnswer:
        """It arrives, and its answer is compared with those that the same messages had before."""
        self._require_there(member)
        answer = await self._peers.post(member, path, content, **about)
        members = messages_of(content, about["content_type"])
        if about["content_type"] not in TOGETHER:
            self._compare(members, [(answer.status, answer.body)])
        elif answer.status == 200:
            answers = BatchAnswers.model_validate_json(answer.body).answers
            self._compare(members, [(one.status, one.body.encode()) for one in answers])
        return answer

    async def get(self, member: Member, path: str, query: dict[str, str | int]) -> PeerAnswer:
        """As `Peers.get`."""
        self._require_there(member)
        return await self._peers.get(member, path, query)

    async def close(self) -> None:
        """As `Peers.close`."""
        await self._peers.close()

    def _require_there(self, member: Member) -> None:
        if {member.entity_id, self._sender.entity_id} & self._seen.away:
            raise PeerUnavailable

    def _compare(self, members: Sequence[bytes], answers: Sequence[tuple[int, bytes]]) -> None:
        """INVARIANT: what is taken is answered by the same bytes for ever, and what was taken is never refused."""
        for content, (status, body) in zip(members, answers, strict=True):
            about = digest_of(content)
            if status < 300:
                said = digest_of(str(status).encode() + body)
                if self._seen.answers.setdefault(about, said) != said:
                    self._seen.wrong.append("the same message was answered by other bytes")
            elif status in (400, 404, 410, 422) and about in self._seen.answers:
                self._seen.wrong.append(f"a message that was taken is refused with {status}")

    async def _note_crossing(self, body: bytes) -> None:
        """INVARIANT: at the first byte the committed log of the sender holds the entry that the envelope names."""
        jws, _ = split_body(body)
        claims = split(jws)[1]
        place = place_in(claims)
        if await entry_digest(self._sender, place) != claims["ct_digest"]:
            self._seen.wrong.append("an envelope left whose entry is not in the log")
        self._seen.crossed[digest_of(jws.encode("ascii"))] = Crossed(place, claims["ct_digest"])


async def entry_digest(state: State, place: Place) -> str | None:
    """What the entry of a node's stored log pins; None where there is none."""
    query = (
        select(SegmentRow.start, SegmentRow.data)
        .join(LogRow, LogRow.year == SegmentRow.log)
        .where(LogRow.origin == place.origin, SegmentRow.start <= place.index)
        .order_by(SegmentRow.start.desc())
        .limit(1)
    )
    async with state.node.applications["audit"].state.database.reading() as tx:
        found = (await tx.execute(query)).one_or_none()
    entries = [] if found is None else entries_until_damage(found.data)
    at = place.index - (0 if found is None else found.start)
    return parse_leaf(entries[at]).digests.ct if at < len(entries) else None


class NoStore:
    """In the place of a database: nothing can be written."""

    async def write(self, _: object) -> None:
        """The disk is full."""
        raise OperationalError("INSERT", None, OSError("no space"))

"""The story of the demo, chapter by chapter. Each step is verified; a sentence that is not true ends it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol
from uuid import UUID

from node.demo.doors import StateDoors
from node.demo.narration import Narrator
from node.synthetic import SyntheticStudent, students
from safepassage.canonical import from_base64url, json_object
from safepassage.trust_list import TrustList
from safepassage.wire_exchange import ExchangeRequest, PersonSelector


class Outage(Protocol):
    """How the story takes a state off the network and brings it back: a process that is stopped and started."""

    def begin(self) -> None:
        """Stop the node."""
        ...

    def end(self) -> None:
        """Start it again and wait until it is ready."""
        ...


@dataclass(frozen=True)
class Child:
    """A child whose record Alder keeps."""

    id: UUID
    """Alder's own, random; known to nobody outside."""
    selector: PersonSelector
    """How the family and a new school describe the child."""
    school: str


@dataclass(frozen=True)
class Children:
    """Whom the story is about."""

    mover: Child
    consenting: Child
    """A minor, one of whose parents consents."""
    rights_ended: Child | None = None
    """A child one of whose parents holds no rights any more. None: the data knows none."""


@dataclass
class Story:
    """Who is in it, and what the chapters tell one another."""

    narrator: Narrator
    alder: StateDoors
    birch: StateDoors
    trust_list: TrustList
    """The network's list: whose log has which key."""
    as_of: date
    students_per_state: int
    outages: dict[str, Outage]
    """By the state's name. Empty where processes are not the story's to stop: the chapters that need it say so and are left out."""
    loaded: Children | None = None
    transfer: ExchangeRequest | None = None

    @property
    def children(self) -> Children:
        """Whom the story is about. Raises LookupError before the students are loaded."""
        if self.loaded is None:
            raise LookupError("the students are loaded first")
        return self.loaded

    def synthetic(self, doors: StateDoors) -> list[SyntheticStudent]:
        """The students of a state."""
        return list(students(doors.plan, as_of=self.as_of, count=self.students_per_state))


Chapter = Callable[[Story], Awaitable[None]]


async def tell(story: Story, chapters: tuple[Chapter, ...]) -> None:
    """Tell the chapters in their order. Raises NotAsTold, or the problem that came up."""
    for chapter in chapters:
        await chapter(story)


def trust_list_in(file: Path) -> TrustList:
    """What a signed list says. Read, not verified: each node has verified it."""
    document = json_object(file.read_bytes())
    return TrustList.model_validate_json(from_base64url(str(document["payload"])))

"""Two states load their students."""

from collections.abc import Callable

from node.demo.chapters.waiting import until
from node.demo.doors import StateDoors
from node.demo.story import Child, Children, Story
from safepassage.client import Client
from safepassage.record.loads import LoadReport, StudentLookup

JSON_LINES = "application/x-ndjson"
KNOWN = 40
"""So many of Alder's first students the story looks up: the hard cases are among them."""


async def load_both_states(story: Story) -> None:
    """Each state's system sends its students to its own node."""
    narrator = story.narrator
    with narrator.step(f"Two states load {story.students_per_state} students each"):
        for doors in (story.alder, story.birch):
            await load_synthetic(story, doors)
        story.loaded = await _children(story)
        cases = sorted({one.case for one in story.synthetic(story.alder) if one.case})
        narrator.say(f"Among them the cases that hurt: {', '.join(cases)}.")
        narrator.where("data/records.db of each node: no name, date or number is in it in clear; `strings` finds none")


async def load_synthetic(story: Story, doors: StateDoors) -> None:
    """Load a state's fictional students."""
    everyone = story.synthetic(doors)
    roster = "\n".join(one.load.model_dump_json(exclude_none=True) for one in everyone).encode()
    report = await load(doors.client("state-agency"), roster, JSON_LINES, complete=lambda report: not report.unresolved)
    story.narrator.check(
        f"{doors.name}: {report.counts['students']} students are there, sealed section by section; every reference resolved",
        holds=report.counts["students"] == len(everyone) and not report.unresolved,
    )


async def load(client: Client, roster: bytes, media_type: str, *, complete: Callable[[LoadReport], bool]) -> LoadReport:
    """Load a roster, again until the report is complete: the gateway tells the other services of the organisations, and until it has, no
    school resolves.
    """
    return await until(lambda: client.load_roster(roster, media_type), complete, what="the organizations reach the records service")


async def _children(story: Story) -> Children:
    """Ids are the node's own, random: they are found as any system finds them, by the identifier that the state gave."""
    client = story.alder.client("state-agency")
    children: dict[int, Child] = {}
    known = story.synthetic(story.alder)[:KNOWN]
    for one in known:
        identity = one.load.record.identity
        if identity is None or not identity.identifiers:
            continue
        found = await client.lookup_students(StudentLookup(identifier=identity.identifiers[0]))
        if len(found.students) == 1:
            children[one.index] = Child(found.students[0], one.selector, one.school.name)
    story.alder.known_ids = {child.id for child in children.values()}
    found_ones = [one for one in known if one.index in children]
    ordinary = next(one for one in found_ones if one.case is None and one.twin_of is None and one.school.level == "elementary")
    rights_ended = next(one for one in found_ones if one.case == "parent-rights-ended")
    return Children(mover=children[0], consenting=children[ordinary.index], rights_ended=children[rights_ended.index])

"""Two states load their students."""

from collections.abc import Sequence

from node.demo.chapters.waiting import until
from node.demo.doors import StateDoors
from node.demo.story import Story
from node.demo.synthetic import SyntheticStudent
from safepassage.record.loads import LoadReport, StudentLookup

JSON_LINES = "application/x-ndjson"
KNOWN = 40
"""So many of each state's first students the story looks up: the hard cases are among them."""


async def load_both_states(story: Story) -> None:
    """Each state's system sends its students to its own node."""
    narrator = story.narrator
    with narrator.step(f"Two states load {story.students_per_state} students each"):
        for doors in (story.alder, story.birch):
            everyone = story.synthetic(doors)
            report = await _load(doors, everyone)
            await _learn_ids(doors, everyone[:KNOWN])
            narrator.check(
                f"{doors.name}: {report.counts['students']} students are there, sealed section by section; every reference resolved",
                holds=report.counts["students"] == len(everyone) and not report.unresolved,
            )
        story.mover = story.synthetic(story.alder)[0]
        cases = sorted({one.case for one in story.synthetic(story.alder) if one.case})
        narrator.say(f"Among them the cases that hurt: {', '.join(cases)}.")
        narrator.where("data/records.db of each node: no name, date or number is in it in clear; `strings` finds none")


async def _load(doors: StateDoors, everyone: Sequence[SyntheticStudent]) -> LoadReport:
    client = doors.client("state-agency")
    roster = "\n".join(one.load.model_dump_json(exclude_none=True) for one in everyone).encode()

    async def once() -> LoadReport:
        return await client.load_roster(roster, JSON_LINES)

    # The gateway tells the other services of the organisations; until it has, a school does not resolve.
    return await until(once, lambda report: not report.unresolved, what="the organisations reach the records service")


async def _learn_ids(doors: StateDoors, everyone: Sequence[SyntheticStudent]) -> None:
    """Ids are the node's own, random: they are found as any system finds them, by the identifier that the state gave."""
    client = doors.client("state-agency")
    for one in everyone:
        identity = one.load.record.identity
        if identity is None or not identity.identifiers:
            continue
        found = await client.lookup_students(StudentLookup(identifier=identity.identifiers[0]))
        if len(found.students) == 1:
            doors.student_ids[one.index] = found.students[0]

"""Two states load their students."""

import asyncio
from collections.abc import Sequence

from node.demo.chapters.waiting import until
from node.demo.doors import StateDoors
from node.demo.story import Story
from node.demo.synthetic import SyntheticStudent
from safepassage.client import Client
from safepassage.record.loads import LoadedStudent

AT_ONCE = 16


async def load_both_states(story: Story) -> None:
    """Each state's system sends its students to its own node."""
    with story.narrator.step(f"Two states load {story.students_per_state} students each"):
        for doors in (story.alder, story.birch):
            everyone = story.synthetic(doors)
            await _load(doors, everyone)
            story.narrator.check(
                f"{doors.name}: {len(doors.student_ids)} students are there, sealed section by section",
                holds=len(doors.student_ids) == len(everyone),
            )
        story.mover = story.synthetic(story.alder)[0]
        cases = sorted({one.case for one in story.synthetic(story.alder) if one.case})
        story.narrator.say(f"Among them the cases that hurt: {', '.join(cases)}.")
        story.narrator.where("data/records.db of each node: no name, date or number is in it in clear; `strings` finds none")


async def _load(doors: StateDoors, everyone: Sequence[SyntheticStudent]) -> None:
    client = doors.client("state-agency")
    first = everyone[0]

    async def once() -> LoadedStudent:
        return await client.load_student(first.load)

    # The gateway tells the other services of the organisations; until it has, a school does not resolve.
    loaded = await until(once, lambda one: not one.unresolved, what="the organisations reach the records service")
    doors.student_ids[first.index] = loaded.id
    gate = asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(_load_one(doors, client, one, gate) for one in everyone[1:]))


async def _load_one(doors: StateDoors, client: Client, one: SyntheticStudent, gate: asyncio.Semaphore) -> None:
    async with gate:
        doors.student_ids[one.index] = (await client.load_student(one.load)).id

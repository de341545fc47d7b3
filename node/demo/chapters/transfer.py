"""The main job: a child moves from Alder to Birch, and the record follows."""

import time
from uuid import UUID

from node.demo.chapters.evidence import receiving_school, request_for
from node.demo.chapters.waiting import until
from node.demo.story import Story
from safepassage.wire_exchange import ExchangeRequest

WAITING_STATES = {"requested", "accepted", "not-provided"}


async def transfer(story: Story) -> None:
    """District → state → state → district."""
    narrator, mover = story.narrator, story.children.mover
    school = receiving_school(story.birch)
    with narrator.step(f"A child moves: {mover.school} in Alder → {school.name} in Birch"):
        narrator.say("Birch's information system asks its own node. Who the child is leaves sealed to Alder, and in no log.")
        asked = await story.birch.client("new-district").create_exchange_request(request_for(story, mover.selector))
        story.transfer = await follow(story, asked)
        narrator.check(
            "Alder released the record, Birch proved it was logged first, opened it and filed it", holds=story.transfer.state == "applied"
        )


async def follow(story: Story, asked: ExchangeRequest, *, seconds: float = 30.0) -> ExchangeRequest:
    """Watch a request until it is applied or has ended otherwise, and say when it changed."""
    client, begun, seen = story.birch.client("new-district"), time.monotonic(), [""]

    async def look() -> ExchangeRequest:
        now = await client.read_exchange_request(asked.id)
        if now.state != seen[-1]:
            seen.append(now.state)
            story.narrator.say(f"[dim]{time.monotonic() - begun:5.2f} s[/]  {now.state}")
        return now

    return await until(look, lambda one: one.state not in WAITING_STATES | {"received"}, what="the exchange ends", seconds=seconds)


async def what_came(story: Story) -> None:
    """What the synthetic child brings along, and what stays behind."""
    narrator, transferred = story.narrator, story.transfer
    if transferred is None:
        raise LookupError("the transfer comes first")
    with narrator.step("Birch's school reads what came"):
        client = story.birch.client("new-district")
        record = await client.read_received_record(transferred.id)
        narrator.check("the individualized education program came with it", holds=record.special_education is not None)
        narrator.check("so did the contested suspension, and the family's statement with it", holds=bool(record.statements))
        narrator.check("no social security number, whatever the basis", holds=record.identity is not None and record.identity.ssn is None)
        narrator.check(
            "no meal status: 42 U.S.C. 1758(b)(6) has its own list of who may have it",
            holds=record.programmes is None or record.programmes.meal_status is None,
        )
        edfi = await client.read_received_record_as_edfi(transferred.id)
        narrator.check("the same as Ed-Fi resources, for a system that speaks those", holds=b"studentUniqueId" in edfi)


def filed_student(story: Story) -> UUID:
    """The child's id in Birch. Raises LookupError before the transfer."""
    if story.transfer is None or story.transfer.student_id is None:
        raise LookupError("the transfer comes first")
    return story.transfer.student_id

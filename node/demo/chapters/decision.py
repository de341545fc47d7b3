"""What Alder decided and wrote down: which elements stayed, under which law, and what it now owes."""

from uuid import UUID

from node.demo.chapters.waiting import until
from node.demo.doors import StateDoors
from node.demo.story import Story
from safepassage.wire_log import EntrySearch, FoundEntries, FoundEntry


async def decision(story: Story) -> None:
    """The custodian reads reasons and citations in full; the other state was told none that turns on the child."""
    narrator, alder = story.narrator, story.alder
    with narrator.step("The child's former district reads what was decided, and why"):
        disclosed = await entry_of(alder, "former-district", story.children.mover.id, "disclosure")
        decision_id = UUID(str((disclosed.context or {})["decision_id"]))
        decided = await alder.client("former-district").read_decision(decision_id)
        withheld = decided.subjects[0].withheld
        narrator.table(("kept back", "because"), [(one.element, f"{one.reason}: {one.citation}") for one in withheld])
        narrator.check(
            f"{len(withheld)} elements were kept back, each by a rule that is cited",
            holds=bool(withheld) and all(one.policy and one.citation for one in withheld),
        )
        permitting = [one for one in decided.policies if one not in {each.policy for each in withheld}]
        narrator.check(f"what permits the rest: {', '.join(permitting)}", holds=bool(permitting))
        owed = [one.kind + (f" by {one.due_at:%Y-%m-%d}" if one.due_at else "") for one in decided.obligations]
        narrator.say("It obliges to: " + ", ".join(owed) + ".")
        narrator.check("it says that the policies are unreviewed drafts of law", holds=not decided.reviewed)
        again = await alder.client("former-district").reproduce_decision(decision_id)
        narrator.check("made again from its record alone, it comes out bit for bit", holds=again.input_hash == decided.input_hash)


async def entries_of(doors: StateDoors, seat: str, student: UUID, *classes: str) -> FoundEntries:
    """The newest log entries about a student, as the client of a seat may see them."""
    page = await doors.client(seat).search_log(EntrySearch(student_id=student, classes=classes))
    return page.content


async def entry_of(doors: StateDoors, seat: str, student: UUID, class_: str) -> FoundEntry:
    """The newest entry of a class about a student, once it is there."""
    found = await until(
        lambda: entries_of(doors, seat, student, class_), lambda page: bool(page.entries), what=f"a {class_} entry in {doors.name}'s log"
    )
    return found.entries[0]

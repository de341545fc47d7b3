"""Both logs have it, each pins the other's, and neither has to be believed."""

from node.demo.chapters.decision import entry_of, mover_id
from node.demo.chapters.waiting import until
from node.demo.story import Story
from safepassage.canonical import from_base64url
from safepassage.checkpoints import Checkpoint, verify_checkpoint
from safepassage.proofs import leaf_hash, verify_consistency, verify_inclusion
from safepassage.wire_log import DisclosureAccounting, EntrySearch, FoundEntry, LogEntry


async def both_logs(story: Story) -> None:
    """The chain district → state → state → district, from both logs, checked by the reader."""
    narrator = story.narrator
    with narrator.step("Both logs, checked by nobody's word"):
        disclosed = await entry_of(story.alder, "state-agency", mover_id(story), "disclosure")
        received = await _arrival(story)
        narrator.check("Alder's log has the disclosure, Birch's log has its arrival", holds=disclosed.index >= 0 and received.index >= 0)
        entry = await story.alder.client("state-agency").read_log_entry(disclosed.index)
        narrator.check("the disclosure is in the tree that Alder's checkpoint names", holds=_in_its_tree(story, entry))
        pinned = verified(story, str((received.context or {})["peer_checkpoint"]))
        narrator.check(
            f"Birch pinned Alder's checkpoint of {pinned.size} entries when it received the record", holds=pinned.size > disclosed.index
        )
        await _check_consistency(story, pinned, verified(story, entry.checkpoint))
        receipts = await until(
            lambda: story.alder.client("state-agency").search_log(EntrySearch(student_id=mover_id(story), classes=("receipt",))),
            lambda page: len(page.content.entries) >= 2,
            what="both receipts in Alder's log",
        )
        narrator.check(f"{len(receipts.content.entries)} signed receipts came back: received, and applied", holds=True)
    await _accounting(story)


async def _arrival(story: Story) -> FoundEntry:
    """The entry with which Birch's log took the envelope: of the exchange, since nobody knew yet which child it was about."""
    if story.transfer is None:
        raise LookupError("the transfer comes first")
    exchange_id = str(story.transfer.id)

    async def look() -> list[FoundEntry]:
        page = await story.birch.client("state-agency").search_log(EntrySearch(classes=("received",)))
        return [one for one in page.content.entries if (one.context or {}).get("exchange_id") == exchange_id]

    return (await until(look, bool, what="the arrival in Birch's log"))[0]


def _in_its_tree(story: Story, entry: LogEntry) -> bool:
    checkpoint = verified(story, entry.checkpoint)
    verify_inclusion(
        leaf_hash=leaf_hash(from_base64url(entry.entry)),
        index=entry.index,
        size=checkpoint.size,
        path=[from_base64url(one) for one in entry.path],
        root=checkpoint.root,
    )
    return True


def verified(story: Story, note: str) -> Checkpoint:
    """Alder's checkpoint, its signature verified by a key that the trust list names."""
    identities = story.trust_list.member(story.alder.entity_id).log_identities()
    origin = note.partition("\n")[0]
    keys = next(one.keys for one in identities if one.origin == origin)
    return verify_checkpoint(note, origin=origin, keys=keys)


async def _check_consistency(story: Story, pinned: Checkpoint, newest: Checkpoint) -> None:
    if newest.size > pinned.size:
        between = await story.alder.client("state-agency").log_consistency(pinned.size, newest.size)
        verify_consistency(
            old_size=pinned.size,
            new_size=newest.size,
            old_root=pinned.root,
            new_root=newest.root,
            path=[from_base64url(one) for one in between.path],
        )
    story.narrator.check("Alder's log of now continues the one that Birch pinned: nothing was rewritten", holds=newest.size >= pinned.size)


async def _accounting(story: Story) -> None:
    narrator = story.narrator
    with narrator.step("What the family may see: the accounting of disclosures, 34 CFR 99.32"):
        page = await story.alder.client("former-district").disclosure_accounting(mover_id(story))
        accounting: DisclosureAccounting = page.content
        rows = [
            (one.at.strftime("%Y-%m-%d %H:%M:%S"), one.phase, one.party.node or one.party.organisation or "-", one.interest.basis or "-",
             "yes" if one.ferpa_recordable else one.exempt_by or "no")
            for one in accounting.entries
        ]  # fmt: skip
        narrator.table(("when", "what", "who", "basis", "99.32 asks for it"), rows)
        narrator.check("the disclosure to Birch is there", holds=any(one.phase == "disclosure" for one in accounting.entries))

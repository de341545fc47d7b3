"""Both logs have it, each pins the other's, and neither has to be believed."""

from node.demo.chapters.decision import entry_of
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
        disclosed = await entry_of(story.alder, "state-agency", story.children.mover.id, "disclosure")
        received = await _arrival(story)
        narrator.check(
            "Alder's log has the disclosure, Birch's log has the arrival of the same envelope",
            holds=disclosed.index == int((received.context or {})["peer_index"]) and _envelope(disclosed) == _envelope(received),
        )
        entry = await story.alder.client("state-agency").read_log_entry(disclosed.index)
        with narrator.proof("the disclosure is in the tree that Alder's checkpoint names"):
            _verify_inclusion(story, entry)
        pinned = verified(story, str((received.context or {})["peer_checkpoint"]))
        narrator.check(
            f"Birch pinned Alder's checkpoint of {pinned.size} entries when it received the record", holds=pinned.size > disclosed.index
        )
        with narrator.proof("Alder's log of now continues the one that Birch pinned: nothing was rewritten"):
            await _verify_consistency(story, pinned, verified(story, entry.checkpoint))
        receipts = await until(
            lambda: story.alder.client("state-agency").search_log(EntrySearch(student_id=story.children.mover.id, classes=("receipt",))),
            lambda page: len(page.content.entries) >= 2,
            what="both receipts in Alder's log",
        )
        narrator.check(
            f"{len(receipts.content.entries)} signed receipts came back: received, and applied",
            holds={(one.context or {})["outcome"] for one in receipts.content.entries} == {"received", "applied"},
        )
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


def _envelope(entry: FoundEntry) -> str:
    return str((entry.context or {})["envelope_id"])


def _verify_inclusion(story: Story, entry: LogEntry) -> None:
    checkpoint = verified(story, entry.checkpoint)
    verify_inclusion(
        leaf_hash=leaf_hash(from_base64url(entry.entry)),
        index=entry.index,
        size=checkpoint.size,
        path=[from_base64url(one) for one in entry.path],
        root=checkpoint.root,
    )


def verified(story: Story, note: str) -> Checkpoint:
    """Alder's checkpoint, its signature verified by a key that the trust list names."""
    identities = story.trust_list.member(story.alder.entity_id).log_identities()
    origin = note.partition("\n")[0]
    keys = next(one.keys for one in identities if one.origin == origin)
    return verify_checkpoint(note, origin=origin, keys=keys)


async def _verify_consistency(story: Story, pinned: Checkpoint, newest: Checkpoint) -> None:
    between = await story.alder.client("state-agency").log_consistency(pinned.size, newest.size)
    verify_consistency(
        old_size=pinned.size,
        new_size=newest.size,
        old_root=pinned.root,
        new_root=newest.root,
        path=[from_base64url(one) for one in between.path],
    )


async def _accounting(story: Story) -> None:
    narrator = story.narrator
    with narrator.step("What the family may see: the accounting of disclosures, 34 CFR 99.32"):
        page = await story.alder.client("former-district").disclosure_accounting(story.children.mover.id)
        accounting: DisclosureAccounting = page.content
        rows = [
            (
                f"{one.at:%d %b %H:%M:%S}",
                one.phase,
                one.party.node or one.party.organisation or "-",
                one.interest.basis or "-",
                "asks for it" if one.ferpa_recordable else "kept beyond it",
            )
            for one in reversed(accounting.entries)
        ]
        narrator.table(("when (UTC)", "what", "who", "basis", "99.32"), rows)
        narrator.check("the disclosure to Birch is there", holds=any(one.phase == "disclosure" for one in accounting.entries))

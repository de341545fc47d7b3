"""What an append is answered: `AppendResponse`, written directly.

Neighbouring entries share most of their paths, so each hash is printed once.
"""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import to_base64url
from services.audit.checkpoints import latest_checkpoint
from services.audit.group_commit import Place
from services.audit.heads import LogDamaged
from services.audit.sequencer import Receipt
from services.audit.stored_tree import StoredTree
from shared.contracts.audit import AHEAD, Event


class Proven(NamedTuple):
    """An entry from the store, with its path to the root of the checkpoint `note` where its class asks for one."""

    leaf: bytes
    path: tuple[bytes, ...] | None
    note: str | None


async def prove_duplicates(tx: AsyncSession, receipts: Sequence[Receipt], events: Sequence[Event]) -> dict[tuple[int, int], Proven]:
    """By log and index, the entries of events that were in the log before."""
    classes = iter([event.class_ for event in events])
    wanted: dict[int, dict[int, bool]] = {}
    for receipt in receipts:
        for place, class_ in zip(receipt.places, classes, strict=False):
            if place.duplicate:
                wanted.setdefault(place.log, {})[place.index] = class_ in AHEAD
    proven: dict[tuple[int, int], Proven] = {}
    for year, indices in wanted.items():
        tree = StoredTree(tx, year)
        leaves = await tree.entries_at(indices)
        checkpoint = await latest_checkpoint(tx, year)
        for index, ahead in indices.items():
            if not ahead:
                proven[year, index] = Proven(leaves[index], None, None)
                continue
            if checkpoint is None or checkpoint.size <= index:
                raise LogDamaged("an ahead-entry was committed without its checkpoint")
            path = await tree.inclusion_path(index, checkpoint.size)
            proven[year, index] = Proven(leaves[index], path, checkpoint.note)
    return proven


def append_answer(receipts: Sequence[Receipt], events: Sequence[Event], proven: Mapping[tuple[int, int], Proven], *, size: int) -> bytes:
    """The AppendResponse as JSON, in the order of the events."""
    classes = iter([event.class_ for event in events])
    entries: list[str] = []
    for receipt in receipts:
        note, paths = json.dumps(receipt.note), _PathTexts()
        for place in receipt.places:
            ahead = next(classes) in AHEAD
            if place.duplicate:
                entries.append(_duplicate(place, proven[place.log, place.index]))
                continue
            proof = ""
            if ahead and receipt.growth is not None:
                proof = f',"path":[{paths.of(receipt.growth.inclusion_path(place.index))}],"checkpoint":{note}'
            entries.append(f'{{"index":{place.index},"duplicate":false,"entry":"{to_base64url(place.leaf or b"")}"{proof}}}')
    return f'{{"entries":[{",".join(entries)}],"size":{size}}}'.encode("ascii")


def _duplicate(place: Place, found: Proven) -> str:
    proof = ""
    if found.path is not None:
        proof = f',"path":[{_PathTexts().of(found.path)}],"checkpoint":{json.dumps(found.note)}'
    return f'{{"index":{place.index},"duplicate":true,"entry":"{to_base64url(found.leaf)}"{proof}}}'


class _PathTexts:
    def __init__(self) -> None:
        self._texts: dict[tuple[bytes, ...], str] = {(): ""}

    def of(self, path: tuple[bytes, ...]) -> str:
        """The path's digests as JSON strings, separated by commas."""
        text = self._texts.get(path)
        if text is None:
            above = self.of(path[1:])
            text = self._texts[path] = f'"{to_base64url(path[0])}"{"," if above else ""}{above}'
        return text

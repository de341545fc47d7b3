"""The proof that goes with a message of ours: where it was logged, and that our log continues what the peer has seen of it."""

import asyncio
from collections import OrderedDict
from itertools import islice
from typing import Any

from safepassage.checkpoints import parse_checkpoint
from safepassage.logged import proof_members
from safepassage.notes import parse_note
from safepassage.problems.requests import LogUnavailable
from services.records.exchange.own_log import OwnLog
from shared.contracts.audit import Appended, KnownSize

REMEMBERED = 256
MOST_ASKED = 64


class ShownProofs:
    """What this process has shown of the own log to each peer. A wrong guess costs the peer a question, and nothing else."""

    def __init__(self, own_log: OwnLog) -> None:
        self._own_log = own_log
        self._shown: dict[tuple[str, str], int] = {}
        self._paths: OrderedDict[tuple[str, int, int], asyncio.Future[tuple[str, ...]]] = OrderedDict()
        own_log.seen_by_peers = self._sizes

    async def members_for(self, peer: str, appended: Appended, *, seen_size: int = 0) -> dict[str, Any]:
        """The members of a LoggedMessage for `peer`. `seen_size`: a size that the peer says it has verified. Raises LogUnavailable."""
        if appended.path is None or appended.checkpoint is None:
            raise LogUnavailable
        checkpoint = parse_checkpoint(parse_note(appended.checkpoint).text)
        origin, size = checkpoint.origin, checkpoint.size
        old = max(self._shown.get((peer, origin), 0), seen_size)
        continued = None
        if 0 < old < size:
            continued = self._own_log.answered_path(origin, old, size) or await self._path(origin, old, size)
        self._shown.pop((peer, origin), None)
        self._shown[peer, origin] = max(old if old <= size else 0, size)
        return proof_members(
            entry=appended.entry,
            index=appended.index,
            path=appended.path,
            checkpoint=appended.checkpoint,
            since=old if continued is not None else None,
            continued=continued or (),
        )

    def _sizes(self) -> tuple[KnownSize, ...]:
        """What was shown last, to whomever: the log answers the paths from there together with the next append."""
        latest = dict.fromkeys((origin, size) for (_, origin), size in reversed(self._shown.items()))
        return tuple(KnownSize(origin=origin, size=size) for origin, size in islice(latest, MOST_ASKED))

    async def _path(self, origin: str, old: int, new: int) -> tuple[str, ...]:
        """Asked of the log once, also by messages of the same moment: those of a burst share their checkpoint."""
        key = (origin, old, new)
        path = self._paths.get(key)
        if path is None or (path.done() and (path.cancelled() or path.exception() is not None)):
            path = self._paths[key] = asyncio.ensure_future(self._own_log.consistency(origin, old, new))
            while len(self._paths) > REMEMBERED:
                self._paths.popitem(last=False)
        return await asyncio.shield(path)

"""Showing a peer how two sizes of this node's log belong together, where the peer wants it and cannot ask: this node is never called."""

import json

from safepassage.checkpoints import parse_checkpoint
from safepassage.compact import split
from safepassage.notes import parse_note
from safepassage.problems.exchanges import PeerUnavailable
from safepassage.problems.pulling import ConsistencyWanted
from safepassage.pulled import LONGEST, PATHS_PATH, PINS_PATH, PinnedSizes, PulledKind, ShownPath, signed_part
from safepassage.trust_members import Member
from services.records.exchange.own_log import OwnLog
from services.records.exchange.peers import PeerAnswer, Peers

JSON = "application/json"


class ShownPaths:
    """Of one process."""

    def __init__(self, peers: Peers, own_log: OwnLog) -> None:
        self._peers, self._own_log = peers, own_log

    async def shown(self, member: Member, kind: PulledKind, message: bytes, answer: PeerAnswer) -> bool:
        """Whether `answer` wants a path for `message`, and it was shown: then the message is sent again. Raises PeerUnavailable."""
        return is_wanted(answer) and await self.show(member, signed_part(kind, message))

    async def show(self, member: Member, token: str) -> bool:
        """Show the path between what the member has pinned and the checkpoint of the message; False where there is nothing to show.

        Raises PeerUnavailable, LogUnavailable.
        """
        note = split(token, max_length=LONGEST)[1].get("checkpoint")
        if not isinstance(note, str):
            return False
        checkpoint = parse_checkpoint(parse_note(note).text)
        answer = await self._peers.get(member, PINS_PATH, {})
        try:
            pinned = PinnedSizes.model_validate_json(answer.body).sizes.get(checkpoint.origin, 0) if answer.status == 200 else 0
        except ValueError as error:
            raise PeerUnavailable("the peer says something else of what it has pinned") from error
        old, new = sorted((pinned, checkpoint.size))
        if old in (0, new):
            return False
        path = await self._own_log.consistency(checkpoint.origin, old, new)
        shown = ShownPath(origin=checkpoint.origin, from_size=old, to_size=new, path=path)
        answer = await self._peers.post(member, PATHS_PATH, shown.model_dump_json().encode(), content_type=JSON)
        return answer.status == 204


def is_wanted(answer: PeerAnswer) -> bool:
    """Whether a path is what keeps the peer from taking the message."""
    try:
        problem = json.loads(answer.body) if answer.status == ConsistencyWanted.status else None
    except (ValueError, RecursionError):
        return False
    return isinstance(problem, dict) and problem.get("code") == ConsistencyWanted.code

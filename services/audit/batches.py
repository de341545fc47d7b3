"""A request to append, read and judged: what its events must show, and what is made of each then. Pure.

The service does it itself, or has a process beside it do so (services.audit.preparers): nothing here needs the log.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple, cast

from pydantic import ValidationError

from safepassage.compact import PublicKeys
from services.audit.authority import Permission, needs_decision, permission_of, require_own_class
from services.audit.drafts import Draft, Outline, draft_of, event_key
from services.audit.sealed_ahead import SealedAhead
from shared.contracts.audit import AHEAD, AppendRequest, Event, KnownSize
from shared.internal_token import Principal
from shared.problems import invalid_request
from shared.quick_models import QuickReader

EVENTS_OF_A_STEP: Final = 256
SUBJECTS_OF_A_STEP: Final = 2_000
"""A large request is appended in steps, so that the next one is prepared while the last one commits."""
_QUICK: Final = QuickReader(AppendRequest, judged={"_subjects_and_custodians_agree"})
"""That subjects and custodians agree is a question of events about several: `quickly_read` leaves those to the model."""


class Sender(NamedTuple):
    """Who sent a request, and what its events are judged by."""

    principal: Principal
    now: datetime
    issuer: str
    """Of decisions: the node."""
    decision_keys: PublicKeys
    digest_key: bytes
    """For `draft_of`."""


class Step(NamedTuple):
    """Events that are appended together."""

    first: int
    """Which of the request's events their first one is."""
    outlines: Sequence[Outline]
    drafts: Callable[[], Sequence[Draft]]
    """Asked where they are to be sealed in their turn."""
    sealed: SealedAhead | None = None

    @classmethod
    def of(cls, first: int, drafts: Sequence[Draft]) -> "Step":
        """Of events that are to be sealed in their turn."""
        return cls(first, [draft.outline for draft in drafts], lambda: drafts)


class Batch(NamedTuple):
    """A request whose events may be appended."""

    acknowledge: str
    continues: Sequence[KnownSize]
    ahead: Sequence[bool]
    """Of each event, whether it is answered with proof."""
    expired: Sequence[bytes]
    """The keys of events whose decision was in force once. They may be in the log already, and come into it no more."""
    steps: Iterable[Step]

    def drafts(self) -> list[Draft]:
        """Of all steps, which are used up by it."""
        return [draft for step in self.steps for draft in step.drafts()]


def batch_of(body: bytes, sender: Sender) -> Batch:
    """Read a request. Its steps are drafted one by one, as they are asked for.

    Raises MalformedBody, InvalidRequest, ClassNotYours, DecisionMissing, DecisionNotCovering.
    """
    asked = _read(body)
    events = asked.events
    permissions = [_permission(event, sender) for event in events]
    producer = sender.principal.service
    return Batch(
        asked.acknowledge,
        asked.continues,
        [event.class_ in AHEAD for event in events],
        [event_key(producer, event.key) for event, one in zip(events, permissions, strict=True) if one is not None and one.expired],
        _drafted(events, permissions, sender),
    )


def quickly_read(body: bytes) -> AppendRequest | None:
    """A request of events about one student or none each; None for any other, and for what the model is to refuse."""
    read = _QUICK.read(body)
    if read is None or read.continues or any(len(one.subjects) > 1 or len(one.custodians) > 1 for one in read.events):
        return None
    return cast(AppendRequest, read)  # its members, of the same values


def _read(body: bytes) -> AppendRequest:
    quick = quickly_read(body)
    if quick is not None:
        return quick
    try:
        return AppendRequest.model_validate_json(body)
    except ValidationError as error:
        raise invalid_request(error) from None


def _permission(event: Event, sender: Sender) -> Permission | None:
    require_own_class(event, sender.principal)
    if not needs_decision(event, sender.principal):
        return None
    return permission_of(event, issuer=sender.issuer, keys=sender.decision_keys, now=sender.now)


def _drafted(events: Sequence[Event], permissions: Sequence[Permission | None], sender: Sender) -> Iterator[Step]:
    for step in steps_of([len(event.subjects) for event in events]):
        yield Step.of(step.start, [_draft(events[at], permissions[at], sender) for at in step])


def _draft(event: Event, permission: Permission | None, sender: Sender) -> Draft:
    draft = draft_of(event, producer=sender.principal.service, digest_key=sender.digest_key)
    if permission is None:
        return draft
    return draft._replace(decision=permission.decision, policy_hash=permission.policy_hash)


def steps_of(subjects: Sequence[int], *, events: int = EVENTS_OF_A_STEP) -> Iterator[range]:
    """How a request is divided, into steps of at most so many `events`. `subjects` has the number of each event's."""
    start, together = 0, 0
    for at, count in enumerate(subjects):
        together += count
        if at > start and (at - start >= events or together > SUBJECTS_OF_A_STEP):
            yield range(start, at)
            start, together = at, count
    yield range(start, len(subjects))

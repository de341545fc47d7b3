"""The operations on what did not arrive, as `safepassage.client.calls`."""

from uuid import UUID

from safepassage.client.call import Call, Page, paged, path_of, reading, writing
from safepassage.wire_dead_letters import DeadLetter, DeadLetterOrder, DeadLetterPage, LetterState, OperatorAct, WaitingAnswerPage


def list_dead_letters(
    *, state: LetterState | None = None, sort: DeadLetterOrder | None = None, limit: int | None = None
) -> Call[Page[DeadLetterPage]]:
    """What ended without arriving, the oldest first. Scope exchange:operate."""
    return paged("/v1/dead-letters", DeadLetterPage, query={"state": state, "sort": sort, "limit": limit})


def read_dead_letter(letter_id: UUID) -> Call[DeadLetter]:
    """One of them. Scope exchange:operate."""
    return reading(path_of("/v1/dead-letters/{id}", id=letter_id), DeadLetter)


def requeue_dead_letter(letter_id: UUID, why: OperatorAct, *, idempotency_key: str | None = None) -> Call[DeadLetter]:
    """Send it again, by a new decision. Scope exchange:operate."""
    return writing("POST", path_of("/v1/dead-letters/{id}/requeue", id=letter_id), why, DeadLetter, idempotency_key=idempotency_key)


def give_up_dead_letter(letter_id: UUID, why: OperatorAct, *, idempotency_key: str | None = None) -> Call[DeadLetter]:
    """Send nothing more for it. Scope exchange:operate."""
    return writing("POST", path_of("/v1/dead-letters/{id}/abandonment", id=letter_id), why, DeadLetter, idempotency_key=idempotency_key)


def list_waiting_answers(*, limit: int | None = None) -> Call[Page[WaitingAnswerPage]]:
    """Answers to other nodes that none has acknowledged, the oldest first. Scope exchange:operate."""
    return paged("/v1/waiting-answers", WaitingAnswerPage, query={"limit": limit})


def recall_answer(envelope_id: UUID, why: OperatorAct, *, idempotency_key: str | None = None) -> Call[DeadLetter]:
    """Recall one of them. Scope exchange:operate."""
    path = path_of("/v1/waiting-answers/{id}/recall", id=envelope_id)
    return writing("POST", path, why, DeadLetter, idempotency_key=idempotency_key)

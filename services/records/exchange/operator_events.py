"""What the log is told of what ended, and of what an operator did about it. Pure."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from safepassage.canonical import digest_of_json
from safepassage.ending import Ending
from safepassage.wire_dead_letters import OperatorAct
from shared.contracts.audit import Actor, Context, Digests, Event

Act = Literal["requeue", "give-up", "recall"]


@dataclass(frozen=True)
class Operator:
    """Who acts, and why."""

    actor: Actor
    """The client, in the role of the official."""
    client_id: str
    why: OperatorAct


def ended(message: Ending, *, digest: str, custodian_id: UUID | None) -> Event:
    """Another node has told that a message of an exchange with it ended."""
    return Event(
        class_="receipt",
        key=f"{digest}:ending",
        custodians=() if custodian_id is None else (custodian_id,),
        actor=Actor(kind="peer", client_id=message.iss),
        context=Context(
            operation="exchange-ending",
            outcome=message.outcome,
            recipient_node=message.iss,
            exchange_id=message.exchange_id,
            envelope_id=message.envelope_id,
            request_digest=message.request_digest,
        ),
        digests=Digests(ct=digest),
    )


def acted(
    operator: Operator, act: Act, letter_id: UUID, *, code: str, peer: str, exchange_id: UUID | None, requeued_as: UUID | None = None
) -> Event:
    """An operator has dealt with what did not arrive. The digest pins for which official."""
    official = operator.why.acting_official
    pinned = {
        "letter": str(letter_id),
        "act": act,
        "reason": operator.why.reason,
        "official": official.pairwise_id,
        "role": official.role,
        "requeued_as": None if requeued_as is None else str(requeued_as),
    }
    return Event(
        class_="receipt",
        key=f"letter:{letter_id}:{act}",
        actor=operator.actor,
        context=Context(
            operation=f"exchange-{act}",
            outcome=code,
            reason=operator.why.reason,
            about=f"letter:{letter_id}",
            recipient_node=peer,
            exchange_id=exchange_id,
        ),
        digests=Digests(ct=digest_of_json(pinned)),
    )

"""Making a request of ours: sealed to the holder, signed, permitted by privacy; and the row that has all of it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from safepassage.canonical import digest_of
from safepassage.elements import SECTIONS
from safepassage.problems.exchanges import UnknownSection
from safepassage.problems.messages import EncryptionKeyUnknown
from safepassage.problems.pulling import BothPull
from safepassage.problems.requests import InvalidRequest, TemporarilyUnavailable
from safepassage.request import Request, Selector
from safepassage.suites import suite_named
from safepassage.wire_exchange import NewExchangeRequest
from services.records.exchange import request_events
from services.records.exchange.answer_keys import key_for_answers
from services.records.exchange.exchange import Exchange
from services.records.exchange.new_requests import New, Seek, question, request_to_sign, require_permitted
from services.records.exchange.states import Asked
from services.records.tables import ExchangeRequestRow
from shared.actors import client_actor
from shared.caller import Caller
from shared.contracts.privacy import Decision, DecisionRequest


@dataclass(frozen=True)
class Draft:
    """A request, sealed and signed, for which nobody has been asked yet."""

    new: New
    organisation_id: UUID
    message: Request
    selector: Selector
    token: str
    digest: str
    in_place_of: UUID | None = None
    """The request that came to nothing, where this one is made in its place."""

    @property
    def question(self) -> DecisionRequest:
        """What privacy is asked about it."""
        duty_ids = self.new.duty_ids if isinstance(self.new, NewExchangeRequest) else ()
        return question(self.selector, request_digest=self.digest, duty_ids=duty_ids, in_place_of=self.in_place_of)


async def drafted(
    exchange: Exchange,
    new: New,
    organisation_id: UUID,
    now: datetime,
    *,
    seek: Seek | None = None,
    lasts: timedelta | None = None,
) -> Draft:
    """Seal and sign it. `seek`: it names nobody; `lasts`: for how long, otherwise as long as the node's requests do.

    Raises UnknownSection, InvalidRequest, ScannerNotConfigured, NotAMember, TrustListStale, TemporarilyUnavailable, SuiteNotSupported.
    """
    attachments = isinstance(new, NewExchangeRequest) and new.attachments
    if isinstance(new, NewExchangeRequest) and not set(new.sections) <= set(SECTIONS):
        raise UnknownSection(field="sections")
    if new.holder == exchange.entity_id:
        raise InvalidRequest("the holder is another node than this one", field="holder")
    if attachments:
        exchange.scanner.require_configured()
    exchange.trust.require_fresh()
    if attachments and exchange.pulls:
        raise InvalidRequest("this node fetches its messages, and documents are not fetched", field="attachments")
    member = exchange.trust.member(new.holder)
    if member.pulls and exchange.pulls:
        raise BothPull
    statement = (await exchange.statements.of(new.holder)).message
    try:
        answer_key = await key_for_answers(exchange, organisation_id, statement, now)
    except EncryptionKeyUnknown as error:
        raise TemporarilyUnavailable("this node has no encryption key: its operator makes one each week") from error
    message, selector = request_to_sign(
        new,
        issuer=exchange.entity_id,
        statement=statement,
        suites=exchange.signing.suites,
        pinned_size=exchange.peer_logs.largest_size(member),
        lasts=lasts or exchange.settings.exchange_lifetime,
        now=now,
        answer_key=answer_key,
        seek=seek,
    )
    token = await exchange.sign(message, suite=suite_named(message.selector.suite))
    return Draft(new, organisation_id, message, selector, token, digest_of(token.encode("ascii")))


def row_of(
    exchange: Exchange, draft: Draft, decision: Decision, caller: Caller, now: datetime, *, finding_id: UUID | None = None
) -> ExchangeRequestRow:
    """The row to be stored. Raises RequestNotPermitted."""
    require_permitted(decision)
    message, selector = draft.message, draft.selector
    operation = request_events.operation_of(selector)
    event = request_events.asked(
        actor=client_actor(caller.claims),
        exchange_id=message.jti,
        holder=draft.new.holder,
        organisation_id=draft.organisation_id,
        purpose=selector.purpose,
        basis=selector.basis,
        request_digest=draft.digest,
        decision=decision,
        operation=operation,
    )
    return ExchangeRequestRow(
        id=message.jti,
        client_id=caller.client_id,
        caller_organisation_id=caller.organisation_id,
        receiving_organisation_id=draft.organisation_id,
        holder=draft.new.holder,
        state=Asked.PREPARED,
        requested_at=now,
        expires_at=datetime.fromtimestamp(message.exp, tz=UTC),
        token=draft.token,
        request_digest=draft.digest,
        subject_commit=selector.subject_commit,
        particulars=exchange.seal_particulars(message.jti, selector.model_dump_json(exclude_none=True).encode()),
        event=event.model_dump_json(by_alias=True, exclude_none=True),
        accepted=None,
        attempts=0,
        next_attempt_at=now,
        problem_code=None,
        student_id=None,
        finding_id=finding_id,
        comparisons=0,
        answer_kid=None if selector.answer_key is None else selector.answer_key.kid,
        is_educators=selector.educator is not None,
    )

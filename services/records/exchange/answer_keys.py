"""To which key an answer is sealed: on the side that asks, that of its organisation; on the side that answers, the one that was named."""

from datetime import datetime
from uuid import UUID

from safepassage.canonical import from_base64url
from safepassage.envelope import Envelope
from safepassage.node_statement import EncryptionKey, NodeStatement, key_to_seal_to
from safepassage.problems.messages import EncryptionKeyUnknown, SuiteNotSupported
from safepassage.problems.signatures import MalformedToken
from safepassage.recipient_key import RecipientKey
from safepassage.request import Selector
from safepassage.suites import Suite, first_supported, suite_named
from services.records.exchange.exchange import Exchange
from services.records.exchange.seals import PrivateKey, require_public_key
from services.records.exchange.states import Asked
from services.records.exchange.stored_rows import change
from services.records.tables import ExchangeRequestRow


class SealedToAnotherKey(EncryptionKeyUnknown):
    """An answer that is not sealed to the key of its request, with the one to which it may be sealed."""

    def __init__(self, answer_key: RecipientKey) -> None:
        super().__init__()
        self.answer_key = answer_key


async def key_for_answers(exchange: Exchange, organisation_id: UUID, holder: NodeStatement, now: datetime) -> RecipientKey:
    """What a request says: the receiving organisation's key, of the first of our suites that the holder has.

    Raises SuiteNotSupported, EncryptionKeyUnknown.
    """
    suite = first_supported(exchange.signing.suites, supported=holder.suites)
    return (await exchange.organisation_keys.current(organisation_id, suite=suite, now=now)).public


async def kids_expected(exchange: Exchange, asked: ExchangeRequestRow, message: Envelope, now: datetime) -> frozenset[str]:
    """The names of the keys to which an answer may be sealed. INVARIANT: of a request that named one, no other.

    Raises SealedToAnotherKey; where its own key is gone, with a new one of the same organisation that is its own from then on.
    """
    if asked.answer_kid is None:  # made before organisations had keys
        return exchange.epochs.kids(now)
    try:
        key = await exchange.organisation_keys.of(asked.answer_kid, now=now)
    except EncryptionKeyUnknown:
        suite = suite_named(message.suite)
        if suite.name not in exchange.signing.suites:
            raise SuiteNotSupported from None
        key = await exchange.organisation_keys.current(asked.receiving_organisation_id, suite=suite, now=now)
        kid = key.kid
        await exchange.write(lambda tx: change(tx.connection, ExchangeRequestRow, asked.id, when=tuple(Asked), answer_kid=kid))
    if message.enc_kid != key.kid:
        raise SealedToAnotherKey(key.public)
    return frozenset({key.kid})


async def key_to_open(exchange: Exchange, asked: ExchangeRequestRow, message: Envelope) -> PrivateKey:
    """The key of an answer that was taken. Raises EncryptionKeyUnknown."""
    now = exchange.clock()
    if asked.answer_kid is None:
        return exchange.epochs.private(message.enc_kid, now=now)
    return (await exchange.organisation_keys.of(message.enc_kid, now=now)).private


def require_answerable(exchange: Exchange, selector: Selector) -> None:
    """A request names a key that this node can seal to. Raises SuiteNotSupported, MalformedToken."""
    key = selector.answer_key
    if key is None:
        return
    if key.suite not in exchange.signing.suites:
        raise SuiteNotSupported(field="answer_key")
    try:
        require_public_key(from_base64url(key.public_key), suite=suite_named(key.suite))
    except EncryptionKeyUnknown as error:
        raise MalformedToken("not a key of its suite", field="answer_key") from error


async def key_of(exchange: Exchange, requester: str, selector: Selector, now: datetime) -> tuple[Suite, EncryptionKey | RecipientKey]:
    """Suite and key for an answer: what the request names; of one that names none, what the requester's statement lists.

    Raises SuiteNotSupported, EncryptionKeyUnknown, and as `PeerStatements.of`.
    """
    if selector.answer_key is not None:
        return suite_named(selector.answer_key.suite), selector.answer_key
    return key_to_seal_to((await exchange.statements.of(requester)).message, supported=exchange.signing.suites, now=now)

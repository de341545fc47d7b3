"""What a peer answers that does not take a message: its signed refusal, or nothing that counts."""

import logging
from typing import Final

from safepassage.problems import SuiteError
from safepassage.problems.exchanges import PeerUnavailable
from safepassage.problems.messages import EncryptionKeyUnknown
from safepassage.problems.trust import NotAMember
from safepassage.refusal import Refusal, verify_refusal
from services.records.exchange.exchange import Exchange
from services.records.exchange.peers import PeerAnswer

log = logging.getLogger(__name__)
NO_SIGNING_KEY: Final = "encryption"
"""What no signing key is called: a statement does not list it, and is got again."""


async def refused_as(exchange: Exchange, answer: PeerAnswer, *, peer: str, about: str) -> str:
    """The code with which the peer refused for good. Raises as `refusal_of`.

    What comes after a message whose key the peer has lost is sealed to one that it has.
    """
    code = (await refusal_of(exchange, answer, peer=peer, about=about)).code
    if code == EncryptionKeyUnknown.code:
        await learn_keys(exchange, peer)
    return code


async def learn_keys(exchange: Exchange, peer: str) -> None:
    """Have the peer's statement got again: it names the encryption keys that it has now. Once a minute at most."""
    try:
        await exchange.statements.of(peer, kid=NO_SIGNING_KEY)
    except SuiteError as error:
        log.info("statement of a peer cannot be had", extra={"peer": peer, "code": error.code})


async def refused_for_good(exchange: Exchange, answer: PeerAnswer, *, peer: str, about: str) -> str:
    """As `refused_as`. Raises NotAMember where the peer's list has this node suspended: it may be let in again, and what it has to tell is
    taken then.
    """
    code = await refused_as(exchange, answer, peer=peer, about=about)
    if code == NotAMember.code:
        raise NotAMember
    return code


async def refusal_of(exchange: Exchange, answer: PeerAnswer, *, peer: str, about: str) -> Refusal:
    """The peer's signed refusal, for good. Raises PeerUnavailable for any other answer: it counts as none."""
    wished = int(answer.retry_after.total_seconds()) if answer.retry_after else None
    if not 400 <= answer.status < 500:
        raise PeerUnavailable(retry_after_seconds=wished)
    try:
        keys = await exchange.signing_keys_of(peer)
        refusal = verify_refusal(answer.body, issuer=peer, audience=exchange.entity_id, about=about, keys=keys)
    except SuiteError as error:
        log.info("peer's answer is no signed refusal", extra={"peer": peer, "status": answer.status})
        raise PeerUnavailable(retry_after_seconds=wished) from error
    return refusal.message

"""sp-refusal+jws: that a node refuses a message, signed, so that what a proxy or a stranger says is never taken for it.

It travels in the member `refusal` of the problem document: whoever verifies it knows that the peer refused these very bytes for good.
"""

import json
from typing import Annotated, Any, ClassVar

from pydantic import Field

from safepassage.also import Also
from safepassage.claims import EntityId, Message, NumericDate, Verified, require_parties, verify_message
from safepassage.compact import PublicKeys
from safepassage.problems.exchanges import RefusalMalformed
from safepassage.recipient_key import RecipientKey
from safepassage.wire import Code, Digest

MEMBER = "refusal"
MAX_LENGTH = 8192


class Refusal(Message):
    """The refusal."""

    TYPE: ClassVar[str] = "sp-refusal+jws"

    iss: EntityId
    """Who refuses."""
    aud: EntityId
    """Whose message it was."""
    about: Digest
    """SHA-256 of the refused message's compact JWS."""
    code: Code
    """A problem's code."""
    status: Annotated[int, Field(ge=400, le=499)]
    iat: NumericDate
    answer_key: RecipientKey | None = None
    """Of an answer that cannot be opened: to which it may be sealed instead."""
    also: Also = None

    def claims(self) -> dict[str, Any]:
        """The JSON object to sign; without `answer_key` where there is none, as versions read it that know no such member."""
        return {name: value for name, value in super().claims().items() if value is not None}


def verify_refusal(body: bytes, *, issuer: str, audience: str, about: Digest, keys: PublicKeys) -> Verified[Refusal]:
    """The refusal in a problem document that `issuer` answered to the message whose digest is `about`.

    Raises RefusalMalformed where there is none or it is about something else; what `verify_message` raises, WrongIssuer, WrongAudience.
    """
    refusal = verify_message(_member(body), kind=Refusal, keys=keys, max_length=MAX_LENGTH)
    message = refusal.message
    require_parties(iss=message.iss, aud=message.aud, issuer=issuer, audience=audience)
    if message.about != about:
        raise RefusalMalformed
    return refusal


def _member(body: bytes) -> str:
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RefusalMalformed from error
    token = document.get(MEMBER) if isinstance(document, dict) else None
    if not isinstance(token, str):
        raise RefusalMalformed
    return token

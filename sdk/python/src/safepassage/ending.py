"""sp-ending+jws: that a message of an exchange ended without arriving. Both sides know then, and neither waits for the other.

About an answer (`envelope_id` is there) the holder tells the requester; about a request, the requester the holder. It says nothing of why,
nor whether a record was in it. Who is told of an answer refuses it from then on, should it still come; who has it already answers with the
receipt.
"""

from typing import ClassVar, Literal, Self
from uuid import UUID

from pydantic import model_validator

from safepassage.also import Also
from safepassage.claims import EntityId, Message, NumericDate
from safepassage.wire import Digest

ENDINGS_PATH = "/v1/peer/endings"


class Ending(Message):
    """The message."""

    TYPE: ClassVar[str] = "sp-ending+jws"
    BATCHED: ClassVar[bool] = True

    iss: EntityId
    """Whose message ended."""
    aud: EntityId
    ending_id: UUID
    exchange_id: UUID
    request_digest: Digest
    """SHA-256 of the exchange's request: who does not know it has no part in the exchange."""
    envelope_id: UUID | None = None
    outcome: Literal["expired", "recalled", "given-up"]
    iat: NumericDate
    also: Also = None

    @model_validator(mode="after")
    def _recalled_answers(self) -> Self:
        if self.envelope_id is None and self.outcome != "given-up":
            raise ValueError("a request is given up; it expires by itself, and what was taken is not recalled")
        return self

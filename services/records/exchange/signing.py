"""Messages of one moment are signed with one signature (safepassage.batch_signatures); one alone is signed as ever."""

from collections.abc import Sequence

from safepassage.batch_signatures import LARGEST
from safepassage.claims import Message
from shared.gathered import Gathered
from shared.keys import SigningKey


class SignedTogether:
    """The exchange's signing key, as the steps of an exchange use it."""

    def __init__(self, key: SigningKey) -> None:
        self.key = key
        self._gathered: Gathered[None, Message, str] = Gathered(self._together, most=LARGEST)

    async def __call__(self, message: Message) -> str:
        """The compact JWS of `message`, of a kind that may share its signature."""
        if not message.BATCHED:
            raise TypeError(f"{message.TYPE} is signed by itself")
        return await self._gathered(None, message)

    async def _together(self, _: None, messages: Sequence[Message]) -> list[str]:
        return self.key.sign_together([(message.TYPE, message.claims()) for message in messages])

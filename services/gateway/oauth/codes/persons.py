"""Who is behind a token of a person: the token names them for its client alone, the node's services and its log by the node's own name."""

from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from safepassage.problems.access import AccessTokenNotValid
from safepassage.wire import Digest
from services.gateway.oauth.tokens import VerifiedToken
from services.gateway.tables import GivenAuthorizationRow
from shared.database import Database

_FIND = select(GivenAuthorizationRow.person).where(
    GivenAuthorizationRow.id == bindparam("authorization_id"), GivenAuthorizationRow.ended_at.is_(None)
)


class Persons:
    """Looks people up, once for each token that is kept as verified."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def name(self, verified: VerifiedToken) -> None:
        """See to it that the services are told who the person is. Raises AccessTokenNotValid where the authorization is no more."""
        authorization_id = verified.claims.authorization_id
        if authorization_id is not None and verified.caller.person is None:
            verified.caller = verified.caller.model_copy(update={"person": await self.of(authorization_id)})

    async def of(self, authorization_id: UUID) -> Digest:
        """Who agreed to it. Raises AccessTokenNotValid where it is no more."""

        def find(connection: Connection) -> str | None:
            return connection.execute(_FIND, {"authorization_id": authorization_id}).scalar_one_or_none()

        person = await self._database.look(find)
        if person is None:
            raise AccessTokenNotValid("the token was taken back")
        return person

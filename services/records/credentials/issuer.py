"""The node as an issuer: its name, its key, and what it signs with it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import canonical_json, json_object
from safepassage.compact import ALGORITHM, public_key_of
from safepassage.credentials.achievements import Profile
from safepassage.credentials.issuers import did_of
from safepassage.credentials.securing import Form, secured, with_data_integrity
from safepassage.problems.credentials import NoCredentialKey
from safepassage.wire_organisations import Organisation
from services.records.exchange.exchange import Exchange
from services.records.tables import CredentialKeyRow, OrganisationRow
from shared.inserts import insert_into
from shared.keys import SigningKey

LISTS = "/v1/credential-status-lists"


class Issuer:
    """Signs credentials in the node's name."""

    def __init__(self, entity_id: str, key: SigningKey) -> None:
        self.entity_id, self._key = entity_id, key
        self.id = did_of(entity_id)

    @classmethod
    def of(cls, exchange: Exchange) -> "Issuer":
        """This node. Raises NoCredentialKey."""
        key = exchange.signing.keys.get(ALGORITHM)
        if not isinstance(key, SigningKey):
            raise NoCredentialKey
        return cls(exchange.entity_id, key)

    @property
    def key(self) -> Ed25519PublicKey:
        """Its public key."""
        return self._key.public

    def list_url(self, number: int) -> str:
        """Where a status list is published."""
        return f"{self.entity_id}{LISTS}/{number}"

    def secured(self, credential: Mapping[str, Any], *, form: Form, now: datetime) -> dict[str, Any] | str:
        """A credential of one of the standards, signed. Raises CredentialMalformed."""
        return secured(credential, form=form, key=self._key.public, sign=self._key.sign, now=now)

    def with_proof(self, credential: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
        """Any credential, with a proof."""
        return with_data_integrity(credential, key=self._key.public, sign=self._key.sign, now=now)

    async def keep_key(self, tx: AsyncSession, now: datetime) -> None:
        """INVARIANT: a key is published as long as what it has signed may be shown to somebody."""
        row = {"kid": self._key.kid, "jwk": canonical_json(self._key.jwk).decode(), "first_used_at": now}
        await tx.execute(insert_into(tx, CredentialKeyRow).values(row).on_conflict_do_nothing())


def profile_of_agency(connection: Connection, issuer: Issuer) -> Profile:
    """Whose node it is."""
    wholes = connection.scalars(select(OrganisationRow.whole).where(OrganisationRow.kind == "sea").limit(1))
    name = next((Organisation.model_validate_json(whole).name for whole in wholes), None)
    return Profile(id=issuer.id, name=name, url=issuer.entity_id)


def keys_that_signed(connection: Connection) -> list[Ed25519PublicKey]:
    """Of every credential that was issued, the oldest key first."""
    rows = connection.scalars(select(CredentialKeyRow.jwk).order_by(CredentialKeyRow.first_used_at, CredentialKeyRow.kid))
    return [public_key_of(json_object(jwk.encode())) for jwk in rows]

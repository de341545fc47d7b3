"""The agency's OpenID provider: what it publishes, the keys of its tokens, and the one call that turns a code into an id_token.

The provider is trusted with who people are: whoever controls it can sign in here as anyone to whom it may give a role. What it sends is
bounded in size and time, and goes nowhere but over https to an address that may be called (shared.outbound).
"""

import asyncio
import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from safepassage.problems.people import ProviderNotReached, SignInNotBelieved
from services.gateway.oauth.client_keys import ClientKey
from services.gateway.people.client_proof import ClientProof
from services.gateway.people.provider_keys import keys_in, kid_of, verified_payload
from services.gateway.people.settings import PeopleSettings
from shared.certificates import client_context
from shared.clock import Clock
from shared.database import refuse_network_call_in_transaction
from shared.outbound.addresses import AddressRefused
from shared.outbound.calls import CONNECT_SECONDS, Documents, NotGot, Reachable, bounded

log = logging.getLogger(__name__)

_ERROR: Final = re.compile(r"[a-z_]{1,40}")

SECONDS: Final = 5.0
MOST_BYTES: Final = 64 * 1024
BELIEVED_FOR: Final = timedelta(hours=1)
"""What a provider publishes is asked for again after so long."""
KEYS_ASKED_EVERY: Final = timedelta(seconds=30)
"""A token that names an unknown key has the keys asked for again, so often at the most."""


@dataclass(frozen=True)
class ProviderMetadata:
    """What of OpenID Connect Discovery 1.0 and RFC 8414 is used."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None
    says_issuer: bool
    """Its answers name the issuer (RFC 9207)."""


class Provider:
    """Of one node. What it publishes is kept in the process; nothing of a person is."""

    def __init__(self, settings: PeopleSettings, proof: ClientProof, clock: Clock) -> None:
        if settings.people_issuer is None or settings.people_client_id is None:
            raise ValueError("there is no provider in the settings")
        self.issuer, self.client_id, self._settings = settings.people_issuer, settings.people_client_id, settings
        self._proof, self._clock = proof, clock
        self._reachable, self._certificates = Reachable.of(settings), client_context(settings.people_authorities_file)
        self._seconds = SECONDS
        self._documents = Documents(self._reachable, self._certificates, seconds=self._seconds)
        self._metadata: tuple[datetime, ProviderMetadata] | None = None
        self._keys: tuple[datetime, tuple[ClientKey, ...]] | None = None
        self._asking = asyncio.Lock()

    async def metadata(self) -> ProviderMetadata:
        """What it publishes about itself. Raises ProviderNotReached."""
        now = self._clock()
        if self._metadata is None or not self._metadata[0] <= now < self._metadata[0] + BELIEVED_FOR:
            document = await self._document(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            self._metadata = (now, self._read(document))
        return self._metadata[1]

    async def payload_of(self, token: str, *, types: Sequence[str]) -> Mapping[str, Any]:
        """The payload of a token that it signed; the claims are the caller's to check. `types` as of `verified_payload`.

        An only key may be replaced under the same name, or under none (OpenID Connect Core 1.0 section 10.1): then nothing but a signature
        that does not fit tells that there is another. Raises ProviderNotReached, SignInNotBelieved.
        """
        keys, algorithm = await self._keys_for(token), self._settings.people_signing_algorithm
        try:
            return verified_payload(token, keys=keys, algorithm=algorithm, types=types)
        except SignInNotBelieved:
            others = await self._keys_for(token, other_than=keys)
            if others is keys:
                raise
            return verified_payload(token, keys=others, algorithm=algorithm, types=types)

    async def _keys_for(self, token: str, *, other_than: tuple[ClientKey, ...] | None = None) -> tuple[ClientKey, ...]:
        """Its keys; asked for again where `token` names one that is not among them. Raises ProviderNotReached, SignInNotBelieved.

        other_than  those with which it was tried already
        """
        kid, uri = kid_of(token), (await self.metadata()).jwks_uri
        async with self._asking:
            now = self._clock()
            asked_at, keys = self._keys or (None, ())
            known = (kid is None or any(key.kid == kid for key in keys)) and keys is not other_than
            if asked_at is None or not asked_at <= now < asked_at + BELIEVED_FOR or (not known and now >= asked_at + KEYS_ASKED_EVERY):
                keys = keys_in(await self._document(uri), self._settings.people_signing_algorithm)
                self._keys = (now, keys)
        return keys

    async def exchange(self, code: str, *, verifier: str, redirect_uri: str) -> str:
        """The id_token for a code. The access token beside it is dropped: nothing is asked of the provider with it.

        Raises ProviderNotReached, SignInNotBelieved where the provider refuses the code.
        """
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
        proved = self._proof.of(issuer=self.issuer, client_id=self.client_id, now=self._clock())
        status, answer = await self._post((await self.metadata()).token_endpoint, form | dict(proved.parameters), proved.headers)
        if 400 <= status < 500:
            said = str(answer.get("error"))  # a word of RFC 6749, for the operator who set this up
            log.warning("the provider refuses a code", extra={"status": status, "code": said if _ERROR.fullmatch(said) else None})
            raise SignInNotBelieved("the provider does not take the code, or does not know this node")
        token = answer.get("id_token")
        if status != 200 or not isinstance(token, str):
            raise ProviderNotReached("the provider gives no id_token")
        return token

    def _read(self, document: Mapping[str, Any]) -> ProviderMetadata:
        if document.get("issuer") != self.issuer:
            raise ProviderNotReached("the provider says that it is another one")
        named: dict[str, Any] = {
            name: document.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint")
        }
        if any(not self._may_be_called(url) for name, url in named.items() if name != "end_session_endpoint" or url is not None):
            raise ProviderNotReached("an endpoint of the provider is missing, or not https")
        methods = document.get("code_challenge_methods_supported", ["S256"])
        if not isinstance(methods, list | str) or "S256" not in methods:
            raise ProviderNotReached("the provider takes no proof of the code (PKCE, S256)")
        says_issuer: Any = document.get("authorization_response_iss_parameter_supported") is True
        return ProviderMetadata(**named, says_issuer=says_issuer)

    def _may_be_called(self, url: object) -> bool:
        if not isinstance(url, str) or len(url) > 2000 or "#" in url or not url.isascii() or not url.isprintable():
            return False
        try:
            self._reachable.require_scheme(url)
        except AddressRefused:
            return False
        return True

    async def _document(self, url: str) -> Mapping[str, Any]:
        try:
            return _object(await self._documents.get(url, accept="application/json", most_bytes=MOST_BYTES))
        except NotGot as error:
            raise ProviderNotReached("the provider does not answer, or not as a provider does") from error

    async def _post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
        refuse_network_call_in_transaction()
        own = {"accept": "application/json", "accept-encoding": "identity", "connection": "close"}
        own["content-type"] = "application/x-www-form-urlencoded"
        session = self._reachable.session(self._certificates, seconds=self._seconds, connect_seconds=CONNECT_SECONDS)
        try:
            async with (
                session,
                session.post(URL(url, encoded=True), data=urlencode(form), headers=own | dict(headers), allow_redirects=False) as response,
            ):
                body = await bounded(response, MOST_BYTES)
                return response.status, _object(body) if response.status < 500 else {}
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, NotGot) as error:
            raise ProviderNotReached("the provider does not answer, or not as a provider does") from error


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ProviderNotReached("the provider's answer is not JSON") from error
    if not isinstance(value, dict):
        raise ProviderNotReached("the provider's answer is not an object")
    return value

"""Calls to other nodes' gateways: a token kept per node, a proof per call, https always (loopback in insecure development apart).

A peer is not trusted: what it answers is bounded, parsed strictly and verified by whoever called. No redirect is followed.
"""

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from safepassage.problems.exchanges import PeerAddressRefused, PeerUnavailable
from safepassage.problems.pulling import PeerPulls
from safepassage.trust_members import Member
from services.records.exchange.peer_tokens import TOKEN_PATH, PeerCredentials, word_of
from shared.certificates import client_context
from shared.clock import EPOCH, Clock
from shared.database import refuse_network_call_in_transaction
from shared.outbound.addresses import AddressRefused
from shared.outbound.calls import Reachable, is_refused
from shared.settings import ServiceSettings

log = logging.getLogger(__name__)

MAX_ANSWER_BYTES = 256 * 1024
LARGE_BYTES = 512 * 1024
RENEWED_BEFORE = timedelta(seconds=20)
PULLER_LOOKED_AT_AGAIN = 3600
"""Seconds after which it is looked whether the trust list still says that a member pulls."""
NEXT = re.compile(r'<([^<>]+)>; *rel="next"')
LONGEST_LINK = 4096


@dataclass(frozen=True)
class PeerAnswer:
    """What a peer answered; nothing in it is verified."""

    status: int
    body: bytes
    retry_after: timedelta | None
    content_type: str = ""
    next: str | None = None
    """The target of `Link: rel="next"` (RFC 8288)."""


@dataclass(frozen=True)
class _Response:
    status: int
    headers: Mapping[str, str]
    """Their names in any case."""
    body: bytes

    @property
    def retry_after(self) -> timedelta | None:
        seconds = self.headers.get("retry-after", "")
        return timedelta(seconds=int(seconds)) if seconds.isdecimal() and len(seconds) < 8 else None

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def next(self) -> str | None:
        found = NEXT.search(self.headers.get("link", "")[:LONGEST_LINK])
        return None if found is None else found.group(1)


@dataclass
class _Door:
    """What is known of one peer's door: the token, until when, and the nonces that it wants next, one of them at its token endpoint."""

    lock: asyncio.Lock
    token: str = ""
    until: datetime = EPOCH
    token_nonce: str | None = None
    nonce: str | None = None

    def nonce_for(self, path: str) -> str | None:
        """What the next proof there has; as long as nothing was answered there, what was answered elsewhere."""
        return (self.token_nonce or self.nonce) if path == TOKEN_PATH else (self.nonce or self.token_nonce)

    def note(self, path: str, nonce: str) -> None:
        """INVARIANT: a nonce of the token endpoint takes no other path's place: they may be two (RFC 9449 sections 8 and 9)."""
        if path == TOKEN_PATH:
            self.token_nonce = nonce
        else:
            self.nonce = nonce


class Peers:
    """The one client of this process for other nodes."""

    def __init__(self, settings: ServiceSettings, credentials: PeerCredentials, clock: Clock, *, timeout_seconds: float) -> None:
        self._credentials, self._clock = credentials, clock
        self._reachable = Reachable.of(settings)
        self._doors: dict[str, _Door] = {}
        self._session = self._reachable.session(client_context(settings.peer_authorities_file), seconds=timeout_seconds)

    async def post(
        self, member: Member, path: str, content: bytes, *, content_type: str, longest_answer: int = MAX_ANSWER_BYTES
    ) -> PeerAnswer:
        """Send `content` to the member's `path`. Raises PeerUnavailable if nobody answers, PeerAddressRefused. Not within a transaction."""
        return await self._call(member, "POST", path, content=content, content_type=content_type, longest_answer=longest_answer)

    async def put(self, member: Member, path: str, content: bytes, *, content_type: str) -> PeerAnswer:
        """As `post`."""
        return await self._call(member, "PUT", path, content=content, content_type=content_type)

    async def get(self, member: Member, path: str, query: dict[str, str | int], *, longest_answer: int = MAX_ANSWER_BYTES) -> PeerAnswer:
        """Ask the member for `path`. Raises as `post`."""
        return await self._call(member, "GET", path, query=query, longest_answer=longest_answer)

    async def post_openly(self, member: Member, path: str, content: bytes, *, content_type: str) -> PeerAnswer:
        """Send to a route that is open to everybody, without a token: what is sent is public and signed. Raises as `post`."""
        refuse_network_call_in_transaction()
        headers = {"content-type": content_type, "accept-encoding": "identity"}
        response = await self._send(member, "POST", path, headers, content)
        return PeerAnswer(response.status, response.body, response.retry_after)

    async def get_openly(self, member: Member, path: str) -> PeerAnswer:
        """Ask for what is open to everybody, without a token: what is answered is public and signed. Raises as `get`."""
        refuse_network_call_in_transaction()
        if member.pulls:
            raise PeerPulls(retry_after_seconds=PULLER_LOOKED_AT_AGAIN)
        response = await self._send(member, "GET", path, {"accept-encoding": "identity"}, b"")
        return PeerAnswer(response.status, response.body, response.retry_after)

    async def _call(
        self,
        member: Member,
        method: str,
        path: str,
        *,
        content: bytes = b"",
        content_type: str = "",
        query: dict[str, str | int] | None = None,
        longest_answer: int = MAX_ANSWER_BYTES,
    ) -> PeerAnswer:
        refuse_network_call_in_transaction()
        if member.pulls:  # INVARIANT: who cannot be called is never called
            raise PeerPulls(retry_after_seconds=PULLER_LOOKED_AT_AGAIN)
        door = self._doors.setdefault(member.entity_id, _Door(asyncio.Lock()))
        answer = PeerAnswer(401, b"", None)
        for attempt in range(3):
            token = await self._token(member, door)
            nonce = door.nonce_for(path)
            proof = self._credentials.proof(method, member.entity_id + path, now=self._clock(), nonce=nonce, token=token)
            headers = {"authorization": f"DPoP {token}", "dpop": proof, "accept-encoding": "identity"}
            if content_type:
                headers["content-type"] = content_type
            response = await self._send(member, method, path, headers, content, query, longest_answer)
            asked_nonce = _asks_for_nonce(door, path, response, used=nonce)
            answer = PeerAnswer(response.status, response.body, response.retry_after, response.content_type, response.next)
            about_the_token = answer.status == 401 and "www-authenticate" in response.headers
            if not about_the_token or attempt == 2:
                break
            if not asked_nonce:
                door.until = EPOCH  # the token counts no more; another one is asked for, once
        return answer

    async def _token(self, member: Member, door: _Door) -> str:
        async with door.lock:
            if self._clock() >= door.until - RENEWED_BEFORE:
                await self._renew(member, door)
            return door.token

    async def _renew(self, member: Member, door: _Door) -> None:
        for _ in range(2):
            now, nonce = self._clock(), door.nonce_for(TOKEN_PATH)
            form = urlencode(self._credentials.token_request(member.entity_id, now=now)).encode("ascii")
            proof = self._credentials.proof("POST", member.entity_id + TOKEN_PATH, now=now, nonce=nonce)
            headers = {"content-type": "application/x-www-form-urlencoded", "dpop": proof, "accept-encoding": "identity"}
            response = await self._send(member, "POST", TOKEN_PATH, headers, form)
            asked_nonce = _asks_for_nonce(door, TOKEN_PATH, response, used=nonce)
            if response.status == 200:
                door.token, door.until = _read_token(response.body, now)
                return
            if not asked_nonce:
                break
        # The delivery's own line says `peer-unavailable`, as of a dead line; this one says that the peer is there, and what it wants.
        log.warning("no token from the peer", extra={"peer": member.entity_id, "status": response.status, "code": word_of(response.body)})
        raise PeerUnavailable("the peer gives no access token")

    async def _send(
        self,
        member: Member,
        method: str,
        path: str,
        headers: dict[str, str],
        content: bytes,
        query: dict[str, str | int] | None = None,
        longest_answer: int = MAX_ANSWER_BYTES,
    ) -> _Response:
        base = member.endpoints.gateway
        try:
            self._reachable.require_scheme(base)
        except AddressRefused as error:
            raise PeerAddressRefused from error
        url = URL(f"{base}{path}{'?' + urlencode(query) if query else ''}", encoded=True)
        # In one piece a large body would be copied, and hold up the loop while it goes out.
        data = BytesIO(content) if len(content) > LARGE_BYTES else content or None
        try:
            async with self._session.request(method, url, headers=headers, data=data, allow_redirects=False) as response:
                return _Response(response.status, response.headers, await _read_bounded(response, longest_answer))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            if is_refused(error):
                raise PeerAddressRefused from error
            raise PeerUnavailable from error

    async def close(self) -> None:
        """Close connections."""
        await self._session.close()


def _asks_for_nonce(door: _Door, path: str, response: _Response, *, used: str | None) -> bool:
    """Keep the nonce for the next proof; True if this request failed for want of it. `used`: the one that its own proof had.

    Of calls that go at once one may have noted it already: what the other one lacked is its own nonce all the same, and no token.
    """
    nonce = response.headers.get("dpop-nonce")
    if nonce is None or len(nonce) > 200:
        return False
    door.note(path, nonce)
    # RFC 9449: a token endpoint says so in its JSON (section 8), what a token opens in the challenge (section 9), and there alone.
    said = response.body if response.status == 400 else response.headers.get("www-authenticate", "").encode() + response.body
    return nonce != used and response.status in (400, 401) and b"use_dpop_nonce" in said


async def _read_bounded(response: aiohttp.ClientResponse, longest: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > longest:
            raise PeerUnavailable("the peer's answer is longer than any that it could give")
    return bytes(body)


def _read_token(body: bytes, now: datetime) -> tuple[str, datetime]:
    try:
        document: Any = json.loads(body)
        token, seconds = document["access_token"], document["expires_in"]
        bound = document["token_type"].lower() == "dpop"
        if not bound or not isinstance(token, str) or not token.isascii() or not isinstance(seconds, int):
            raise PeerUnavailable("the peer's token is not bound to our key")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PeerUnavailable("the peer's token endpoint answers something else") from error
    return token, now + timedelta(seconds=min(max(seconds, 0), 3600))

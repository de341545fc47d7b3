"""The client of an Ed-Fi API: OAuth 2.0 client credentials, pages, and patience.

Whoever controls an Ed-Fi system can have the node load what it says as its organisation's, and nothing else of the node. It is asked for
nothing but what its own organisation may load, and its answers are bounded.
"""

import json
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from safepassage.problems.ed_fi import EdFiSystemChangesTooFast, EdFiSystemRefused, EdFiSystemUnavailable
from safepassage.problems.records import UnreadableRoster
from services.records.ed_fi.refused import RefusedFor
from services.records.ed_fi.systems import EdFiSystem
from services.records.formats.edfi_documents import bodies_in
from shared.clock import Clock
from shared.database import refuse_network_call_in_transaction
from shared.keys import read_secret
from shared.outbound.calls import is_refused

PAGE: Final = 500
"""The most that the API gives at once."""
TRIES: Final = 6
LONGEST_WAIT: Final = 300.0
LONGEST_ANSWER: Final = 64 << 20
RENEWED_BEFORE: Final = timedelta(seconds=30)
_LATER: Final = frozenset({429, 502, 503, 504})
_NOT_FOR_US: Final = frozenset({403, 404})
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Wait = Callable[[float], Awaitable[None]]
Query = Mapping[str, str | int]
Take = Callable[[list[dict[str, Any]]], None]


class MorePages(Exception):
    """A resource takes more pages than the caller wants to read."""


class Answer(NamedTuple):
    """What the system said."""

    status: int
    body: bytes
    total: int | None
    retry_after: float | None


class EdFiApi:
    """One system, spoken to with one session.

    wait      lets seconds pass: until a system that is busy wants to be asked again
    patience  seconds that pass at the most, each time
    tries     of one request
    longest   answer that is taken, in bytes
    """

    def __init__(
        self,
        system: EdFiSystem,
        session: aiohttp.ClientSession,
        *,
        clock: Clock,
        wait: Wait,
        patience: float = LONGEST_WAIT,
        tries: int = TRIES,
        longest: int = LONGEST_ANSWER,
    ) -> None:
        self.system, self._patience, self._tries, self._longest = system, patience, tries, longest
        self._session, self.clock, self._wait = session, clock, wait
        self._token, self._until = "", EPOCH

    async def newest_change(self) -> tuple[int, int] | None:
        """The oldest and the newest change version that the system knows; None where it tells no changes. Raises as `send`."""
        answer = await self.send("GET", self.system.change_versions)
        if answer.status in _NOT_FOR_US:
            return None
        try:
            document: Any = json.loads(answer.body)
            oldest, newest = document["oldestChangeVersion"], document["newestChangeVersion"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise EdFiSystemRefused("its change versions are none") from error
        if not isinstance(oldest, int) or not isinstance(newest, int):
            raise EdFiSystemRefused("its change versions are none")
        return oldest, newest

    async def every(self, resource: str, query: Query, *, most: int) -> list[dict[str, Any]] | None:
        """Every body of a resource that fits `query`; None where the system has no such resource for this client. Raises as `pages`."""
        found: list[dict[str, Any]] = []
        return found if await self.pages(resource, query, most=most, begin=found.clear, take=found.extend) else None

    async def pages(
        self, resource: str, query: Query, *, most: int, begin: Callable[[], None], take: Take, most_pages: int | None = None
    ) -> int:
        """Give every body of a resource that fits `query` to `take`, a page at a time; returns how many pages, 0: no such resource for us.

        A page is asked for with the total: where that is another one than before, something came or went and pages have shifted, so all of
        it is read again. Before a first page `begin` is called: what was taken before it counts no more.
        Raises EdFiSystemChangesTooFast where that goes on and on, EdFiSystemUnavailable, EdFiSystemRefused (also for more than `most`), and
        MorePages, before any is taken, where by the total there are more than `most_pages` like the first.
        """
        for _ in range(TRIES):
            count, total, pages = 0, None, 0
            while total is None or count < total:
                paged = {**query, "offset": count, "limit": PAGE, "totalCount": "true"}
                answer = await self.send("GET", f"{self.system.data}/{resource}", paged)
                if answer.status in _NOT_FOR_US and total is None:
                    return 0
                page = _page(answer)
                if total not in (None, answer.total) or (not page and count < (answer.total or 0)):
                    break
                if total is None:
                    if most_pages is not None and (answer.total or 0) > len(page) * most_pages:
                        raise MorePages
                    begin()
                total, count, pages = answer.total, count + len(page), pages + 1
                if count > most:
                    raise RefusedFor("it has more than a pull takes", fault="too-much")
                take(page)
            else:
                if count == total:
                    return pages
        raise EdFiSystemChangesTooFast

    async def send(self, method: str, url: str, query: Query | None = None, *, content: bytes = b"") -> Answer:
        """One request, again while the system is away or busy, and once more with a new token where the old one no longer counts.

        Raises EdFiSystemUnavailable, EdFiSystemRefused.
        """
        refuse_network_call_in_transaction()
        renewed = False
        for attempt in range(self._tries + 1):
            headers = {"authorization": f"Bearer {await self._bearer()}", "accept": "application/json", "accept-encoding": "identity"}
            if content:
                headers["content-type"] = "application/json"
            if self.system.use_snapshot and method == "GET":
                headers["use-snapshot"] = "true"
            answer = await self._once(method, url, query, headers, content)
            if answer is not None and answer.status == 401:
                if renewed:
                    raise RefusedFor("it does not take its own tokens", fault="token-refused")
                renewed, self._until = True, EPOCH
            elif answer is None or _comes_later(answer, read=method == "GET"):
                if attempt >= self._tries - 1:
                    break
                await self._pass(attempt, answer)
            else:
                return answer
        raise EdFiSystemUnavailable

    async def _pass(self, attempt: int, answer: Answer | None) -> None:
        asked = answer.retry_after if answer is not None else None
        await self._wait(min(self._patience, 2.0**attempt if asked is None else asked))

    async def _bearer(self) -> str:
        if self.clock() < self._until - RENEWED_BEFORE:
            return self._token
        secret = read_secret(self.system.secret_file).decode().strip()
        basic = b64encode(f"{self.system.client_id}:{secret}".encode()).decode()
        headers = {"authorization": f"Basic {basic}", "content-type": "application/x-www-form-urlencoded", "accept-encoding": "identity"}
        for attempt in range(self._tries):
            answer = await self._once("POST", self.system.token_address, None, headers, b"grant_type=client_credentials")
            if answer is None or _comes_later(answer, read=True):
                await self._pass(attempt, answer)
            elif answer.status == 200:
                self._token, seconds = _token_in(answer.body)
                self._until = self.clock() + timedelta(seconds=seconds)
                return self._token
            else:
                raise RefusedFor("it gives no token for these credentials", fault="credentials-refused")
        raise EdFiSystemUnavailable

    async def _once(self, method: str, url: str, query: Query | None, headers: dict[str, str], content: bytes) -> Answer | None:
        """None where no whole answer came."""
        address = URL(f"{url}{'?' + urlencode(query) if query else ''}", encoded=True)
        try:
            async with self._session.request(method, address, headers=headers, data=content or None, allow_redirects=False) as response:
                body = bytearray()
                async for chunk in response.content.iter_any():
                    body += chunk
                    if len(body) > self._longest:
                        raise RefusedFor("an answer is longer than any page", fault="too-much")
                total = response.headers.get("total-count", "")
                return Answer(
                    response.status,
                    bytes(body),
                    int(total) if total.isascii() and total.isdigit() and len(total) < 12 else None,
                    _seconds(response.headers.get("retry-after"), self.clock()),
                )
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            if is_refused(error):
                detail = "its address is not public, and in no network of the setting inside_networks"
                raise RefusedFor(detail, fault="address-not-public") from error
            return None


def _comes_later(answer: Answer, *, read: bool) -> bool:
    """Whether to ask again. A fault of the system itself (500) passes where something is read; of what is put it may be the cause."""
    return answer.status in _LATER or (read and answer.status >= 500)


def _page(answer: Answer) -> list[dict[str, Any]]:
    if answer.status != 200 or answer.total is None:
        raise EdFiSystemRefused("a page is none")
    try:
        page = bodies_in(answer.body)
    except UnreadableRoster as error:
        raise EdFiSystemRefused("a page is no array of objects") from error
    if not all(isinstance(one, dict) for one in page):
        raise EdFiSystemRefused("a page is no array of objects")
    return page


def _token_in(body: bytes) -> tuple[str, int]:
    try:
        document: Any = json.loads(body)
        token, seconds = document["access_token"], document["expires_in"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise EdFiSystemRefused("its token is none") from error
    if (
        not isinstance(token, str)
        or not isinstance(seconds, int)
        or not token.isascii()
        or not token.isprintable()
        or not 0 < len(token) < 9000
    ):
        raise EdFiSystemRefused("its token is none")
    return token, max(0, min(seconds, 86_400))


def _seconds(text: str | None, now: datetime) -> float | None:
    """Retry-After: seconds, or an instant (RFC 9110)."""
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return float(text[:6])
    try:
        then = parsedate_to_datetime(text)
        return max(0.0, (then - now).total_seconds()) if then.tzinfo else None
    except ValueError:
        return None

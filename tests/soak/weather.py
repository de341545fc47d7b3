"""What stands between two nodes and loses, repeats, delays and disorders what goes from one to the other. Seeded.

Everybody reaches a node through it: its address is the node's own. Only messages between nodes have weather. A message is repeated by who
has the sender's keys, as a genuine repetition comes: the same bytes with a new proof of possession.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import aiohttp
from aiohttp import web

from safepassage.canonical import digest_of
from safepassage.compact import split
from safepassage.envelope import split_body
from safepassage.message_batches import MAX_ANSWER_BYTES, MAX_BODY_BYTES, BatchAnswers
from safepassage.problems import SuiteError
from services.records.exchange.peer_tokens import PeerCredentials
from services.records.exchange.peers import Peers
from shared.keys import SigningKey
from tests.records.exchange.as_sent import messages_of
from tests.soak.account import Crossed
from tests.soak.holdings import place_in
from tests.soak.node_folders import Network

ONE: Final = {"/v1/peer/requests": "request", "/v1/peer/envelopes": "envelope", "/v1/peer/receipts": "receipt"}
SEVERAL: Final = {f"{path[:-1]}-batches": kind for path, kind in ONE.items()}
NOT_HANDED_ON: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "te", "upgrade"})
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
OTHER: Final = {"alder": "birch", "birch": "alder"}


@dataclass(frozen=True)
class Climate:
    """How likely what is, for each call between the nodes."""

    lost: float = 0.03
    """It never arrives."""
    unanswered: float = 0.1
    """It arrives, and the answer, a receipt among others, is lost."""
    repeated: float = 0.1
    late: float = 0.1
    latest_seconds: float = 2.0


CALM: Final = Climate(0, 0, 0, 0)


class Weather:
    """Between both nodes."""

    def __init__(self, network: Network, random: Random, climate: Climate) -> None:
        self._network, self._random, self.climate = network, random, climate
        self.counts: Counter[str] = Counter()
        self.crossed: dict[str, Crossed] = {}
        """By the digest of its JWS."""
        self.otherwise: list[str] = []
        """Messages that were answered differently at different times: there should be none."""
        self._answers: dict[str, str] = {}
        self._repeating: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> "Weather":
        self._session = await self._stack.enter_async_context(
            aiohttp.ClientSession(
                auto_decompress=False, timeout=aiohttp.ClientTimeout(total=90), connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=5)
            )
        )
        for name, node in self._network.nodes.items():
            app = web.Application(client_max_size=2 * MAX_BODY_BYTES)
            app.router.add_route("*", "/{path:.*}", self._hand_on_to(name))
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            self._stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", node.file.port).start()
        self._peers = {name: self._as(name) for name in self._network.nodes}
        for peers in self._peers.values():
            self._stack.push_async_callback(peers.close)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()

    def renew(self, name: str) -> None:
        """The node's client key is another one from now on."""
        self._peers[name] = self._as(name)
        self._stack.push_async_callback(self._peers[name].close)

    def _as(self, name: str) -> Peers:
        """Who calls as this node does."""
        node = self._network.nodes[name]
        keys = node.keys / "records"
        credentials = PeerCredentials(
            node.file.entity_id, client_key=SigningKey.load(keys / "peer-client.json"), dpop_key=SigningKey.load(keys / "peer-dpop.json")
        )
        return Peers(node.settings("records"), credentials, self._network.clock, timeout_seconds=20)

    def _hand_on_to(self, name: str) -> Handler:
        async def hand_on(request: web.Request) -> web.StreamResponse:
            try:
                body = await request.read()
            except ConnectionResetError:  # who sends it was killed in the middle
                return _gone(request)
            kind = ONE.get(request.path) or SEVERAL.get(request.path)
            if request.method != "POST" or kind is None:
                return await self._forward(name, request, body)
            return await self._message(name, request, body, messages_of(body, request.content_type), kind)

        return hand_on

    async def _message(self, name: str, request: web.Request, body: bytes, members: Sequence[bytes], kind: str) -> web.StreamResponse:
        if kind == "envelope":
            for member in members:
                self._note_crossed(member)
        about = digest_of(body)
        climate, again = self.climate, about in self._repeating
        self.counts[kind] += len(members)
        if not again:
            if self._random.random() < climate.late:
                self.counts["late"] += len(members)
                await asyncio.sleep(self._random.uniform(0, climate.latest_seconds))
            if self._random.random() < climate.lost:
                self.counts["lost"] += len(members)
                return _gone(request)
            if self._random.random() < climate.repeated:
                self.counts["repeated"] += len(members)
                self._start(self._repeat(name, request.path, request.content_type, body, self._random.uniform(0, climate.latest_seconds)))
        answer = await self._forward(name, request, body)
        self._compare(members, answer, together=request.path in SEVERAL)
        if not again and self._random.random() < climate.unanswered:
            self.counts["unanswered"] += len(members)
            return _gone(request)
        return answer

    async def _forward(self, name: str, request: web.Request, body: bytes) -> web.Response:
        node = self._network.nodes[name]
        url = f"http://127.0.0.1:{node.door}{request.raw_path}"
        headers = {key: value for key, value in request.headers.items() if key.lower() not in NOT_HANDED_ON}
        try:
            async with self._session.request(request.method, url, headers=headers, data=body or None, allow_redirects=False) as answer:
                content = await answer.read()
        except (aiohttp.ClientError, OSError, TimeoutError):
            self.counts["nobody there"] += 1
            return _gone(request)
        kept = [(key, value) for key, value in answer.headers.items() if key.lower() not in NOT_HANDED_ON]
        return web.Response(status=answer.status, body=content, headers=kept)  # type: ignore[arg-type]  # pairs are taken as well

    def _start(self, what: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _repeat(self, name: str, path: str, content_type: str, body: bytes, after_seconds: float) -> None:
        """Once more, from its sender, before or after the first: it comes through this weather again, and is let through."""
        await asyncio.sleep(after_seconds)
        about = digest_of(body)
        self._repeating.add(about)
        try:
            member = self._network.member(name)
            await self._peers[OTHER[name]].post(member, path, body, content_type=content_type, longest_answer=MAX_ANSWER_BYTES)
        except SuiteError:
            self.counts["repetition unanswered"] += 1
        finally:
            self._repeating.discard(about)

    def _compare(self, members: Sequence[bytes], answer: web.Response, *, together: bool) -> None:
        """INVARIANT: what is taken is answered by the same bytes for ever."""
        content = bytes(answer.body) if isinstance(answer.body, bytes) else b""
        if together and answer.status != 200:
            return
        given = [(answer.status, content)]
        if together:
            given = [(one.status, one.body.encode()) for one in BatchAnswers.model_validate_json(content).answers]
        for member, (status, body) in zip(members, given, strict=True):
            if status >= 300:
                self.counts[f"answered {status}"] += 1
                continue
            about, said = digest_of(member), digest_of(str(status).encode() + body)
            if self._answers.setdefault(about, said) != said:
                self.otherwise.append(about)

    def _note_crossed(self, body: bytes) -> None:
        jws, _ = split_body(body)
        claims = split(jws)[1]
        self.crossed[digest_of(jws.encode("ascii"))] = Crossed(place_in(claims), claims["ct_digest"])


def _gone(request: web.Request) -> web.Response:
    """The connection breaks without a word."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)

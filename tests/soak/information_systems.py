"""The information systems at both ends: one loads children at Alder, one asks for them at Birch, one by one and many at a time.

What was not answered is asked again under the same key, until it is: a node may be dead at any moment.
"""

import asyncio
from collections.abc import Sequence
from itertools import islice
from random import Random
from typing import Final
from uuid import UUID, uuid5

from node.demo.seats import MOVER_DISTRICT, RECEIVING_DISTRICT
from node.synthetic import SyntheticStudent
from safepassage.client import Client, ClientFile
from safepassage.problems import SuiteError
from safepassage.wire_exchange import NewExchangeRequest, NewExchangeRequests, PersonSelector
from tests.records.exchange.many_children import children_born_apart
from tests.records.exchange.requests_for import new_request
from tests.records.exchange.two_states import ordinary_students
from tests.soak.node_folders import Network

NAMES: Final = UUID("01980000-0000-7000-8000-5a6b7c8d9e0f")
SECTIONS: Final = ("identity", "enrollment", "attendance", "academics")
LINES: Final = 250
"""Students in one roster."""
AT_ONCE: Final = 8
AGAIN_AFTER_SECONDS: Final = 0.5


class Gone(AssertionError):
    """A node did not answer for so long that nobody would wait."""


class InformationSystems:
    """Alder's former district and Birch's new one."""

    def __init__(self, network: Network, random: Random) -> None:
        self._network, self._random = network, random
        self._alder, self._birch = (self._client("alder", "former-district"), self._client("birch", "new-district"))
        self.asked: dict[UUID, bool] = {}
        """Every exchange that was answered, and whether Alder has the child."""
        self._keys = 0

    def _client(self, name: str, seat: str) -> Client:
        return Client(ClientFile.load(self._network.nodes[name].path / "clients" / f"{seat}.json"), clock=self._network.clock)

    async def close(self) -> None:
        """Close connections."""
        await self._alder.aclose()
        await self._birch.aclose()

    async def load(self, children: Sequence[SyntheticStudent]) -> None:
        """Load them, a roster after the other."""
        for at in range(0, len(children), LINES):
            lines = b"".join(one.load.model_dump_json(exclude_none=True).encode() + b"\n" for one in children[at : at + LINES])
            report = await self._alder.load_roster(lines, "application/x-ndjson")
            if report.counts.get("created") != len(children[at : at + LINES]):
                raise Gone(f"of {len(children[at : at + LINES])} students these were loaded: {report.counts}")

    async def ask_together(self, children: Sequence[tuple[SyntheticStudent, bool]]) -> None:
        """Up to a hundred requests in one call."""
        asked, key = NewExchangeRequests(requests=tuple(self._request(child.selector) for child, _ in children)), self._key()
        for _ in range(240):
            try:
                answers = (await self._birch.create_exchange_requests(asked, idempotency_key=key)).answers
            except SuiteError:
                answers = ()
            made = [one.request for one in answers if one.request is not None]
            if len(made) == len(children):
                self.asked |= {one.id: there for one, (_, there) in zip(made, children, strict=True)}
                return
            await asyncio.sleep(AGAIN_AFTER_SECONDS)
        raise Gone("a batch of requests was not made")

    async def ask_one_by_one(self, children: Sequence[tuple[SyntheticStudent, bool]]) -> None:
        """A call for each, several at once."""
        places = asyncio.Semaphore(AT_ONCE)

        async def ask(child: SyntheticStudent, there: bool) -> None:
            async with places:
                await self._ask(self._request(child.selector), self._key(), there)

        await asyncio.gather(*(ask(child, there) for child, there in children))

    async def _ask(self, request: NewExchangeRequest, key: str, there: bool) -> None:
        for _ in range(240):
            try:
                made = await self._birch.create_exchange_request(request, idempotency_key=key)
            except SuiteError:
                await asyncio.sleep(AGAIN_AFTER_SECONDS)
                continue
            self.asked[made.id] = there
            return
        raise Gone("a request was not made")

    def _key(self) -> str:
        self._keys += 1
        return str(uuid5(NAMES, f"{self._random.getrandbits(64)}:{self._keys}"))

    def _request(self, person: PersonSelector) -> NewExchangeRequest:
        holder, district = self._network.nodes["alder"].file.entity_id, self._network.nodes["birch"].organisations()[RECEIVING_DISTRICT]
        return new_request(person, holder=holder, district=district, now=self._network.clock(), sections=SECTIONS)


def children_of(network: Network, count: int, *, apart: int = 0) -> list[SyntheticStudent]:
    """So many children of one district of Alder's, no two of whom are near each other; beside the first `apart` of them."""
    ids = network.nodes["alder"].organisations()
    models = [one for one in ordinary_students() if ids[one.district.key] == ids[MOVER_DISTRICT]]
    found = list(islice(children_born_apart(models), apart, apart + count))
    if len(found) < count:
        raise Gone("there are not so many children who differ")
    return found

"""What an operator does while a soaked network works: every key that is changed in operation is changed, and nothing may fail by it."""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import closing
from random import Random
from typing import Final

from node.log_keys import prepare_next as prepare_next_log_key
from node.log_keys import replace as replace_log_key
from node.message_keys import prepare_next, replace, require_published
from node.statement import sign_statement
from services.records.exchange.epochs import LASTS
from shared.key_providers import key_provider_of
from shared.keys import SigningKey
from shared.peer_statements import USED_FOR
from shared.who_may_call import ServiceName
from tests.soak.node_folders import Network, SoakedFolder

ACCEPTED_WITHIN_SECONDS: Final = 4
SEALING: Final[tuple[ServiceName, ...]] = ("records", "privacy")
"""Whose key-encryption key has its next version here; audit's changes with each destruction."""


class Reaper:
    """Ends processes of the nodes as a power cut would."""

    def __init__(self, network: Network, random: Random) -> None:
        self._network, self._random = network, random
        self.killed: list[str] = []

    def kill_any(self) -> None:
        """One of all, whichever."""
        name = self._random.choice(sorted(self._network.nodes))
        self.kill(name, self._random.choice(self._network.nodes[name].processes))

    def kill(self, name: str, process: str) -> None:
        """One that is told; the whole node where it is one process."""
        node = self._network.nodes[name]
        process = process if process in node.processes else "node"
        try:
            os.kill(node.pids()[process], signal.SIGKILL)
        except ProcessLookupError:
            return  # it is dead already
        self.killed.append(f"{name} {process}")


class Operator:
    """Of both nodes."""

    def __init__(self, network: Network, reaper: Reaper, changed_client: Callable[[str], None]) -> None:
        """`changed_client` is told of the node whose client key is another one from now on."""
        self._network, self._reaper, self._changed_client = network, reaper, changed_client
        self.done: list[str] = []

    async def exchange_signing(self) -> None:
        """The keys that sign messages: the next ones are published for as long as others keep a statement, then they sign."""
        for node in self._network.nodes.values():
            prepare_next(node.keys / "records")
            self._sign(node)
        self._network.clock.advance(USED_FOR.total_seconds() + 60)
        for name, node in self._network.nodes.items():
            require_published(node.statement, node.keys / "records", now=self._network.clock())
            replace(node.keys / "records", today=self._network.clock().date())
            self._sign(node)
            self._reaper.kill(name, "records")
        self.done.append("exchange signing")

    async def peer_clients(self) -> None:
        """The key by which a node asks another's gateway for tokens."""
        for name, node in self._network.nodes.items():
            fresh = node.keys / "records" / "peer-client.new"
            SigningKey.generate().save(fresh)
            fresh.replace(node.keys / "records" / "peer-client.json")
            self._sign(node)
            self._reaper.kill(name, "records")
            self._changed_client(name)
        self.done.append("peer client authentication")

    async def encryption_epoch(self) -> None:
        """A week passes: what is on its way is sealed to the key of the week before."""
        self._network.clock.advance(LASTS.total_seconds())
        self._network.renew_trust()
        for node in self._network.nodes.values():
            self._sign(node)
        self.done.append("encryption epoch")

    async def log_keys(self) -> None:
        """Published in a trust list first; then audit stops, the next key takes over, and audit starts."""
        for node in self._network.nodes.values():
            prepare_next_log_key(node.keys / "audit")
        self._network.renew_trust()
        await asyncio.sleep(ACCEPTED_WITHIN_SECONDS)
        for name, node in self._network.nodes.items():
            hold = node.path / "hold"
            hold.touch()
            self._reaper.kill(name, "audit")
            await asyncio.sleep(0.2)
            replace_log_key(node.keys / "audit", today=self._network.clock().date())
            hold.unlink()
        self.done.append("log")

    async def key_encryption(self) -> None:
        """The next version wraps; a running service finds it by itself."""
        for node in self._network.nodes.values():
            for service in SEALING:
                with closing(key_provider_of(node.settings(service), service)) as provider:  # type: ignore[arg-type]  # a SealingSettings
                    provider.rotate()
        self.done.append("key-encryption")

    def _sign(self, node: SoakedFolder) -> None:
        sign_statement(node.file, node.keys, node.statement, now=self._network.clock())

"""Two nodes to measure, each where its stores and processes are: embedded on SQLite, or four processes each on PostgreSQL."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol
from urllib.error import URLError
from urllib.request import urlopen

import asyncpg
import psutil

from node.demo.network import new_network, new_nodes, seed_node
from node.demo.processes import NodeProcess, free_port
from node.folder import NodeFolder
from node.synthetic import ALDER, BIRCH
from shared.database import Database
from shared.migrations import create_schema
from shared.settings import ServiceSettings
from shared.who_may_call import SERVICES, WHO_MAY_CALL, ServiceName

READY_SECONDS = 90
CLUSTER = Path(__file__).parents[1] / "tests" / "postgres" / "with-cluster"
HOLD = """import os, sys
print(os.environ["SAFE_PASSAGE_TEST_POSTGRES"], os.environ["SAFE_PASSAGE_TEST_POSTGRES_DATA"], flush=True)
sys.stdin.read()"""


class NoCluster(RuntimeError):
    """There is no PostgreSQL to measure on."""


class Nodes(Protocol):
    """Alder, which holds, and Birch, which asks; running."""

    @property
    def alder(self) -> NodeFolder:
        """The one that holds."""
        ...

    @property
    def birch(self) -> NodeFolder:
        """The one that asks."""
        ...

    def cpu_seconds(self) -> float:
        """Of the services so far."""
        ...

    def store_cpu_seconds(self) -> float:
        """Of the database server so far, where it is a process of its own."""
        ...

    async def commits(self) -> int:
        """Transactions that wrote something so far, in all stores of both nodes."""
        ...

    def logs(self) -> list[Path]:
        """What the processes said."""
        ...


class Embedded:
    """Each node one process, a SQLite file for each service."""

    def __init__(self, alder: NodeFolder, birch: NodeFolder) -> None:
        self.alder, self.birch = alder, birch
        self._processes = [NodeProcess(alder), NodeProcess(birch)]

    @classmethod
    async def made_in(cls, folder: Path, stack: AsyncExitStack) -> "Embedded":
        """Made and started; ended with `stack`."""
        nodes = cls(*await new_network(folder, ports=(free_port(), free_port()), tick_seconds=0.0))
        stack.callback(nodes._stop)
        for process in nodes._processes:
            process.start()
        for process in nodes._processes:
            process.wait_until_ready(READY_SECONDS)
        return nodes

    def _stop(self) -> None:
        for process in self._processes:
            process.stop()

    def cpu_seconds(self) -> float:
        """As Nodes says."""
        return sum(_cpu_of(psutil.Process(process.pid)) for process in self._processes)

    def store_cpu_seconds(self) -> float:
        """SQLite is in the services."""
        return 0.0

    async def commits(self) -> int:
        """SQLite counts them in the index of each write-ahead log: `iChange`, the third word (sqlite.org/walformat.html)."""
        files = [node.store(service).with_suffix(".db-shm") for node in (self.alder, self.birch) for service in SERVICES]
        return sum(int.from_bytes(file.read_bytes()[8:12], sys.byteorder) for file in files)

    def logs(self) -> list[Path]:
        """One a node."""
        return [process.log_file for process in self._processes]


class OnPostgresql(NodeFolder):
    """A node's folder whose services are processes, each with a schema of its own in the node's database."""

    @cached_property
    def told(self) -> dict[str, Any]:
        """Where: `database` and, by service, `ports`."""
        told: dict[str, Any] = json.loads((self.path / "processes.json").read_text())
        return told

    def settings(self, service: ServiceName) -> ServiceSettings:
        """As the embedded node's, with another store and with siblings."""
        urls = {name: f"http://127.0.0.1:{port}" for name, port in self.told["ports"].items() if name in WHO_MAY_CALL[service]}
        where = {"database_url": self.told["database"], "database_schema": service, "sibling_urls": urls, **self.told.get(service, {})}
        return super().settings(service).model_copy(update=where)

    def environment(self, service: ServiceName) -> dict[str, str]:
        """The settings as variables."""
        values = self.settings(service).model_dump(mode="json", exclude_defaults=True)
        return {f"SAFE_PASSAGE_{name.upper()}": _text(value) for name, value in values.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


class EightProcesses:
    """Each service of each node `safepassage-node serve SERVICE`, on one PostgreSQL server with a database a node."""

    def __init__(
        self, alder: OnPostgresql, birch: OnPostgresql, dsn: str, server: psutil.Process, settings: Mapping[str, Mapping[str, Any]]
    ) -> None:
        self.alder, self.birch, self._settings = alder, birch, settings
        self._dsn, self._server = dsn, server
        self._processes: list[subprocess.Popen[bytes]] = []

    @classmethod
    async def made_in(cls, folder: Path, stack: AsyncExitStack, **settings: Mapping[str, Any]) -> "EightProcesses":
        """Made and started, with a cluster of their own; ended with `stack`. `settings`: by service, other than the embedded node's."""
        dsn, data = stack.enter_context(cluster())
        server = psutil.Process(int((Path(data) / "postmaster.pid").read_text().split()[0]))
        return await cls.made_on(dsn, server, folder, stack, **settings)

    @classmethod
    async def made_on(
        cls, dsn: str, server: psutil.Process, folder: Path, stack: AsyncExitStack, **settings: Mapping[str, Any]
    ) -> "EightProcesses":
        """As `made_in`, on a server that runs already."""
        plain = new_nodes(folder, ports=(free_port(), free_port()), tick_seconds=0.0)
        nodes = cls(OnPostgresql(plain[0].path), OnPostgresql(plain[1].path), dsn, server, settings)
        stack.callback(nodes._stop)
        for node, plan in ((nodes.alder, ALDER), (nodes.birch, BIRCH)):
            await nodes._make(node, node.path.name)
            await seed_node(node, plan)
            nodes._start(node)
        nodes._wait()
        return nodes

    async def _make(self, node: OnPostgresql, name: str) -> None:
        connection = await asyncpg.connect(self._dsn)
        await connection.execute(f'CREATE DATABASE "{name}"')
        await connection.close()
        ports = {service: node.file.port if service == "gateway" else free_port() for service in SERVICES}
        url = self._dsn.replace("postgresql://", "postgresql+asyncpg://").rsplit("/", 1)[0] + f"/{name}"
        (node.path / "processes.json").write_text(json.dumps({"database": url, "ports": ports, **self._settings}))
        database = Database(url)
        for service in SERVICES:
            await create_schema(database, service)
        await database.close()

    def _start(self, node: OnPostgresql) -> None:
        for service, port in node.told["ports"].items():
            command = [sys.executable, "-m", "node.command", "serve", service, "--port", str(port)]
            with (node.path / f"{service}.log").open("ab") as log:
                environment = {**os.environ, **node.environment(service)}  # noqa: TID251 a process of its own
                self._processes.append(subprocess.Popen(command, stdout=log, stderr=log, env=environment))  # noqa: S603 ourselves

    def _wait(self) -> None:
        wait_until_ready(port for node in (self.alder, self.birch) for port in node.told["ports"].values())

    def _stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(timeout=60)

    def cpu_seconds(self) -> float:
        """As Nodes says."""
        return sum(_cpu_of(psutil.Process(process.pid)) for process in self._processes)

    def store_cpu_seconds(self) -> float:
        """Of every process of the server that lives; connections are kept, so that none dies meanwhile."""
        return _cpu_of(self._server)

    def most_resident_bytes(self) -> dict[str, int]:
        """By node and service, the most memory that the process has ever had resident."""
        names = [f"{node.path.name} {service}" for node in (self.alder, self.birch) for service in node.told["ports"]]
        peaks = [_most_resident(process.pid) for process in self._processes]
        return dict(zip(names, peaks, strict=True))

    async def commits(self) -> int:
        """A transaction gets an id once it writes."""
        connection = await asyncpg.connect(self._dsn)
        number: int = await connection.fetchval("SELECT pg_current_xact_id()::text::bigint")
        await connection.close()
        return number

    def logs(self) -> list[Path]:
        """One a service."""
        return [node.path / f"{service}.log" for node in (self.alder, self.birch) for service in SERVICES]


def wait_until_ready(ports: Iterable[int]) -> None:
    """Until the service that listens at each says that it is. Raises URLError, OSError after READY_SECONDS."""
    until, waiting = time.monotonic() + READY_SECONDS, list(ports)
    while waiting:
        try:
            with urlopen(f"http://127.0.0.1:{waiting[-1]}/readyz", timeout=2):
                waiting.pop()
        except (URLError, OSError):
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def _most_resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _cpu_of(process: psutil.Process) -> float:
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return float(sum(one.user + one.system for one in times))


@contextmanager
def cluster() -> Iterator[tuple[str, str]]:
    """A private PostgreSQL, durable: its DSN and its folder. It ends when nobody holds it any more."""
    command = [str(CLUSTER), "--durable", sys.executable, "-c", HOLD]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 our own script
        if process.stdout is None or process.stdin is None:
            raise RuntimeError("pipes were asked for")
        said = process.stdout.readline().split()
        if len(said) != 2:
            raise NoCluster("tests/postgres/with-cluster did not start one; it says why")
        yield said[0], said[1]
        process.stdin.close()

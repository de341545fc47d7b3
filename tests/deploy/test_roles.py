"""deploy/postgres/roles.sql on a real server: each service owns its schema, and nothing else is open to it."""

import asyncio
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from shared.database import Database
from shared.migrations import migrate
from shared.schema_head import require_head
from shared.who_may_call import SERVICES, ServiceName

FOLDER = Path(__file__).parents[2] / "deploy" / "postgres"

pytestmark = pytest.mark.postgres


def psql() -> str:
    """The client that belongs to the server of the tests."""
    found = shutil.which("psql") or next((str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/psql"), reverse=True)), None)
    assert found is not None, "psql comes with the server that tests/postgres/with-cluster installs"
    return found


class Cluster:
    """Two nodes on one server, as Compose has them, with names that no other test uses."""

    def __init__(self, admin: str, folder: Path) -> None:
        self.admin, self.folder = admin.replace("postgresql+asyncpg://", "postgresql://").rsplit("/", 1)[0] + "/postgres", folder
        self.nodes = (f"a{secrets.token_hex(4)}", f"b{secrets.token_hex(4)}")
        for node in self.nodes:
            for service in SERVICES:
                self.make_password(node, service)

    def make_password(self, node: str, service: str) -> None:
        files = [str(self.folder / f"{node}_{service}.{kind}") for kind in ("password", "verifier")]
        subprocess.run([sys.executable, str(FOLDER / "verifier.py"), *files], check=True)

    def run(self, node: str) -> subprocess.CompletedProcess[str]:
        variables = ["-v", f"node={node}", "-v", f"verifiers={self.folder}"]
        return subprocess.run(
            [psql(), self.admin, *variables, "-f", str(FOLDER / "roles.sql")], capture_output=True, text=True, check=False
        )

    def url(self, node: str, service: str, *, database: str | None = None) -> str:
        url = make_url(self.admin).set(username=f"{node}_{service}", database=database or node)
        return url.set(password=(self.folder / f"{node}_{service}.password").read_text()).render_as_string(hide_password=False)

    def verifier(self, node: str, service: str) -> str:
        return self.execute(self.admin, "SELECT rolpassword FROM pg_authid WHERE rolname = $1", f"{node}_{service}")

    def execute(self, url: str, statement: str, *values: str) -> str:
        async def run() -> str:
            connection = await asyncpg.connect(url)
            try:
                return str(await connection.fetchval(statement, *values))
            finally:
                await connection.close()

        return asyncio.run(run())

    def remove(self) -> None:
        for node in self.nodes:
            self.execute(self.admin, f'DROP DATABASE IF EXISTS "{node}" WITH (FORCE)')
            for service in SERVICES:
                self.execute(self.admin, f'DROP ROLE IF EXISTS "{node}_{service}"')


@pytest.fixture
def cluster(postgres_url: str, tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(postgres_url, tmp_path)
    try:
        for node in made.nodes:
            done = made.run(node)
            assert done.returncode == 0, done.stderr
        yield made
    finally:
        made.remove()


def test_each_service_owns_its_schema_and_reaches_no_other(cluster: Cluster) -> None:
    node, other_node = cluster.nodes
    for service in SERVICES:
        own = cluster.url(node, service)
        cluster.execute(own, f"CREATE TABLE {service}.thing (id int)")
        assert cluster.execute(own, f"TABLE {service}.thing") == "None", "empty, and readable"
    for service in SERVICES:
        own = cluster.url(node, service)
        for other in set(SERVICES) - {service}:
            for statement in (
                f"TABLE {other}.thing",
                f"CREATE TABLE {other}.intruder (id int)",
                f"DROP TABLE {other}.thing",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    cluster.execute(own, statement)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                cluster.execute(own, f'SET ROLE "{node}_{other}"')
        for statement in ("CREATE TABLE public.thing (id int)", "CREATE SCHEMA another", "CREATE DATABASE another", "CREATE ROLE another"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                cluster.execute(own, statement)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            cluster.execute(cluster.url(node, service, database=other_node), "SELECT 1")


def test_running_it_again_changes_nothing_and_sets_a_new_password(cluster: Cluster) -> None:
    node = cluster.nodes[0]
    cluster.execute(cluster.url(node, "records"), "CREATE TABLE records.kept (id int)")
    (cluster.folder / f"{node}_records.password").unlink()
    cluster.make_password(node, "records")
    done = cluster.run(node)
    assert (done.returncode, done.stderr) == (0, "")
    assert cluster.execute(cluster.url(node, "records"), "INSERT INTO records.kept VALUES (1) RETURNING id") == "1"


def test_without_a_verifier_nothing_is_made(cluster: Cluster) -> None:
    node = cluster.nodes[0]
    before = cluster.verifier(node, "audit")
    (cluster.folder / f"{node}_audit.verifier").write_text("")
    done = cluster.run(node)
    assert done.returncode == 3
    assert f"no SCRAM-SHA-256 verifier for {node}_audit" in done.stderr
    assert cluster.verifier(node, "audit") == before


def test_the_server_stores_the_verifier_and_never_saw_the_password(cluster: Cluster) -> None:
    node = cluster.nodes[0]
    for service in SERVICES:
        assert cluster.verifier(node, service) == (cluster.folder / f"{node}_{service}.verifier").read_text().strip()
        assert (cluster.folder / f"{node}_{service}.password").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("service", SERVICES)
def test_a_schemas_owner_can_migrate_it(cluster: Cluster, service: ServiceName) -> None:
    async def run() -> None:
        url = cluster.url(cluster.nodes[0], service).replace("postgresql://", "postgresql+asyncpg://")
        database = Database(url, schema=service)
        try:
            await migrate(service, database)
            await require_head(service, database)
        finally:
            await database.close()

    asyncio.run(run())
    own = cluster.url(cluster.nodes[0], service)
    owned = "SELECT count(*) FROM pg_tables WHERE schemaname = $1 AND tableowner = current_user"
    assert int(cluster.execute(own, owned, service)) > 3

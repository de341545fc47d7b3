"""The demo's story, told through the published doors of two nodes of four processes each, on PostgreSQL, over TLS."""

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import AsyncExitStack
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from node.demo.doors import opened
from node.demo.narration import Narrator
from node.demo.story import Story, tell, trust_list_in
from node.demo.telling import CHAPTERS
from node.synthetic import ALDER, BIRCH
from shared.clock import system_clock
from shared.who_may_call import SERVICES
from tests.containers.composed import CONTAINERS, Composed
from tests.containers.seeding import seed

pytestmark = [pytest.mark.containers, pytest.mark.timeout(600)]

STUDENTS = 60


class ContainersOutage:
    """A node whose four containers are killed, all at once, and started again."""

    def __init__(self, composed: Composed, node: str) -> None:
        self._composed = composed
        self._services = [f"{node}-{service}" for service in SERVICES]

    def begin(self) -> None:
        """SIGKILL."""
        self._composed.signal("kill", *self._services)

    def end(self) -> None:
        """Start, and wait until each is ready."""
        self._composed.signal("start", *self._services)
        for service in self._services:
            self._composed.wait_until_ready(service)


@pytest.fixture
def story_files(composed: Composed, tmp_path: Path) -> Iterator[Path]:
    for name in ("authorities.pem", "trust-list.jws"):
        (tmp_path / name).write_bytes(composed.run_for_bytes("alder-gateway", "cat", f"/run/safe-passage/public/{name}"))
    yield tmp_path
    for client in tmp_path.glob("*/*.json"):
        client.unlink()


@pytest.mark.anyio
async def test_the_story_is_true_of_two_nodes_in_containers(composed: Composed, story_files: Path) -> None:
    as_of = system_clock().date()
    folders = {plan: seed(composed, plan, story_files, as_of=as_of, authorities=story_files / "authorities.pem") for plan in (ALDER, BIRCH)}
    told = StringIO()
    narrator = Narrator(Console(file=told, width=120))
    async with AsyncExitStack() as stack:
        doors = [await stack.enter_async_context(opened(plan, folder)) for plan, folder in folders.items()]
        story = Story(
            narrator=narrator,
            alder=doors[0],
            birch=doors[1],
            trust_list=trust_list_in(story_files / "trust-list.jws"),
            as_of=as_of,
            students_per_state=STUDENTS,
            outages={"Alder": ContainersOutage(composed, "alder"), "Birch": ContainersOutage(composed, "birch")},
        )
        try:
            await tell(story, CHAPTERS)
        finally:
            print(told.getvalue())  # noqa: T201 what was told, for whoever reads why it failed
    assert narrator.verified > 10
    assert_nothing_personal_was_logged(composed, story)


def assert_nothing_personal_was_logged(composed: Composed, story: Story) -> None:
    said = {service: composed.logs(service) for service in (*CONTAINERS, "postgres")}
    everyone = [*story.synthetic(story.alder), *story.synthetic(story.birch)]
    names = {re.escape(one.selector.last_name) for one in everyone if len(one.selector.last_name) > 4}
    personal = re.compile(rf"\b\d{{3}}-\d{{2}}-\d{{4}}\b|\b(?:{'|'.join(sorted(names))})\b")
    assert {service: found[0] for service, text in said.items() if (found := personal.search(text))} == {}


@pytest.mark.parametrize("port", [8441, 8442])
def test_the_published_doors_speak_tls_by_the_private_authority(story_files: Path, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        believing = ssl.create_default_context(cafile=story_files / "authorities.pem")
        with believing.wrap_socket(connection, server_hostname="127.0.0.1") as door:
            assert door.version() == "TLSv1.3"
    with socket.create_connection(("127.0.0.1", port)) as connection, pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(connection, server_hostname="127.0.0.1")

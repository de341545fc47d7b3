"""Several replicas of a node on one store: the work is there for each, and done by one."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from node.demo.processes import NodeProcess, free_port
from tests.records.exchange.dying_node import Folder
from tests.records.exchange.two_processes import Processes, made, two_databases

pytestmark = pytest.mark.postgres

EXCHANGES = 4
PASSING_SECONDS = 0.2
"""As much as passes: what is put off (facts that privacy has yet to learn) comes again, and no call is overtaken by its next attempt."""


def second(first: Folder) -> NodeProcess:
    """Another process of the same node: its keys, its stores, another port."""
    shutil.copytree(first.path, first.path.with_name(f"{first.path.name}-again"))
    folder = Folder(first.path.with_name(f"{first.path.name}-again"))
    file = folder.file.model_copy(update={"port": free_port()})
    (folder.path / "node.json").write_text(file.model_dump_json())
    return NodeProcess(folder, arguments=("-m", "tests.records.exchange.dying_node"))


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Processes]:
    """Alder twice, Birch twice."""
    with ExitStack() as stack:
        made(tmp_path, two_databases(stack))
        for name in ("alder", "birch"):
            told = tmp_path / name / "test.json"
            told.write_text(json.dumps({**json.loads(told.read_text()), "replicas": True}))
        running = Processes(tmp_path)
        others = [second(folder) for folder in running.folders.values()]
        stack.callback(running.stop)
        for process in others:
            stack.callback(process.stop)
            process.start()
        running.start("alder", "birch")
        for process in others:
            process.wait_until_ready()
        running.wait_until_organisations_are_known()
        yield running


def envelopes_come(nodes: Processes) -> Counter[str]:
    """How many envelopes came to Birch's door: alone, by what they were answered, and together with others.

    A process that has yet to learn Birch's nonce is told it by a refusal before anything is read, and asks again (RFC 9449 section 9):
    that is no envelope that came.
    """
    lines = nodes.processes["birch"].log_file.read_text().splitlines()
    said = [one for one in (json.loads(line) for line in lines if line.startswith("{")) if one.get("code") != "proof-nonce-required"]
    come = Counter(str(one["status"]) for one in said if one.get("route") == "/v1/peer/envelopes" and one["service"] == "gateway")
    together = [one for one in said if one.get("route") == "/v1/peer/envelope-batches"]
    come["together"] = sum(one["count"] for one in together if one["message"] == "messages came together")
    assert {one["status"] for one in together if one["message"] == "request"} <= {200}
    return come


@pytest.mark.requirement("EX-2")
def test_several_replicas_on_one_store_send_and_file_each_envelope_once(nodes: Processes) -> None:
    before = envelopes_come(nodes)
    for asked in [nodes.ask() for _ in range(EXCHANGES)]:
        nodes.wait_until_over(asked.id, passing=PASSING_SECONDS)
    come = envelopes_come(nodes) - before
    assert (come.total(), come.keys() <= {"200", "together"}) == (EXCHANGES, True)

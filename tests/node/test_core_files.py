"""A node that a signal ends in the middle of its work leaves no file with what it had in memory: real processes, and a real kernel."""

import asyncio
import json
import os
import resource
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from node.demo.network import new_node, seed_node, trust_each_other
from node.demo.processes import NodeProcess, free_port
from node.demo.seats import MOVER_DISTRICT
from node.folder import NodeFolder
from node.synthetic import ALDER
from safepassage.client import BlockingClient, ClientFile
from safepassage.record.loads import LoadedRecord, NewStudent
from shared.clock import system_clock
from tests.records.exchange.two_states import ordinary_students
from tests.records.test_canaries import forms
from tests.records.whole_record import CANARY, Filler

AS_AN_OPERATOR_STARTS_IT = ("-m", "node.command", "up")


class DyingNode(NodeProcess):
    """A node in a folder of its own, whose core file may be as long as it likes, and whose Python says where it was when a signal came."""

    def __init__(self, folder: NodeFolder, work: Path, *, arguments: tuple[str, ...]) -> None:
        super().__init__(folder, arguments=arguments)
        self.work = work

    def start(self) -> "DyingNode":
        """Start it without waiting."""
        environment = {**os.environ, "PYTHONFAULTHANDLER": "1"}  # noqa: TID251 what the process is given
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._arguments, str(self.folder.path)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self.work,
                env=environment,
                start_new_session=True,
                preexec_fn=_any_length,
            )
        return self

    def die_of(self, number: signal.Signals) -> int:
        """Its status, as wait(2) has it."""
        process, self._process = self._process, None
        assert process is not None
        os.kill(process.pid, number)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return status


def _any_length() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


@pytest.fixture(scope="module")
def alder(tmp_path_factory: pytest.TempPathFactory) -> NodeFolder:
    """A node with its organisations and clients."""
    now = system_clock()
    folder = new_node(tmp_path_factory.mktemp("node") / "alder", ALDER, port=free_port(), now=now)
    trust_each_other((folder,), root_file=folder.path / "root" / "root.json", now=now)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(seed_node(folder, ALDER))).result()
    return folder


def record_in_memory(node: DyingNode, number: int) -> None:
    """A child with everything filled is loaded and read."""
    document = Filler(number * 100_000).record().document()
    ids = json.loads((node.folder.path / "clients" / "organisations.json").read_text())
    school = next(one.school.key for one in ordinary_students(of=250) if ids[one.district.key] == ids[MOVER_DISTRICT])
    document["enrollment"]["enrollments"][0] |= {"school": {"nces_id": school}, "entry_date": "2026-08-24"}
    del document["enrollment"]["enrollments"][0]["exit_date"]
    sections = {name: part for name, part in document.items() if name not in ("v", "provenance")}
    child = NewStudent(source_system="sis", source_id=f"S-{number}", as_of=system_clock(), record=LoadedRecord.model_validate(sections))
    file = node.folder.path / "clients" / "former-district.json"
    with BlockingClient(ClientFile.load(file)) as client:
        student = client.load_student(child)
        assert client.read_student(student.id).model_dump_json().count(CANARY) > 50


def left_by(node: DyingNode) -> dict[Path, bytes]:
    """Every file that the process may have written."""
    return {
        path: path.read_bytes()
        for place in (node.work, node.folder.path)
        for path in place.rglob("*")
        if path.is_file() and "keys" not in path.parts
    }


@pytest.mark.requirement("EX-3")
@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV], ids=lambda one: one.name)
def test_a_process_that_a_signal_ends_leaves_nothing_of_a_child_in_a_file(
    alder: NodeFolder, tmp_path: Path, number: signal.Signals
) -> None:
    node = DyingNode(alder, tmp_path, arguments=AS_AN_OPERATOR_STARTS_IT).start()
    try:
        node.wait_until_ready()
        record_in_memory(node, number)
        status = node.die_of(number)
    finally:
        node.kill()
    assert (os.WTERMSIG(status), os.WCOREDUMP(status)) == (number, False)
    left = left_by(node)
    assert b"Fatal Python error" in left[node.log_file]  # which says where it was, and no value
    for path, content in left.items():
        assert not [form for form in forms(CANARY) if form in content], path

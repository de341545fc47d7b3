"""Two nodes, a process each: one loses the end of its log, is frozen, and goes on by what docs/witnessing.md says, command by command."""

import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from node.command import app
from node.demo.network import new_nodes
from node.demo.processes import NodeProcess, free_port
from node.folder import NodeFolder

pytestmark = [pytest.mark.slow, pytest.mark.requirement("LOG-rollback")]


def store_of(node: NodeFolder) -> Path:
    """The folder of its stores."""
    (found,) = node.path.rglob("audit.db")
    return found.parent


def asked(node: NodeFolder, query: str) -> int:
    with closing(sqlite3.connect(f"file:{store_of(node) / 'audit.db'}?mode=ro", uri=True)) as store:
        return int(store.execute(query).fetchone()[0] or 0)


def size_of(node: NodeFolder) -> int:
    return asked(node, "SELECT size FROM tree_state ORDER BY log DESC LIMIT 1")


def until_cosigned(node: NodeFolder, size: int) -> int:
    """Wait until the other node has cosigned so many entries of the newest log; how many."""
    for _ in range(1_500):
        cosigned = asked(node, "SELECT max(size) FROM cosignature WHERE log = (SELECT max(year) FROM log)")
        if cosigned >= size:
            return cosigned
        time.sleep(0.02)
    raise AssertionError(f"{size} entries were not cosigned")


def run(*words: str, code: int = 0) -> str:
    said = CliRunner().invoke(app, words, env={"COLUMNS": "200"})
    assert said.exit_code == code, said.output
    return " ".join(said.output.split())


def test_a_node_that_lost_the_end_of_its_log_goes_on_as_the_page_says(tmp_path: Path) -> None:
    alder, birch = new_nodes(tmp_path, ports=(free_port(), free_port()))
    folder, yesterday = str(alder.path), tmp_path / "yesterday"
    processes = first, _ = NodeProcess(alder), NodeProcess(birch)
    try:
        for process in processes:
            process.start()
        for process in processes:
            process.wait_until_ready()
        run("console", folder)  # an entry
        until_cosigned(alder, 1)
        first.stop()
        yesterday.mkdir()
        for file in store_of(alder).glob("audit.db*"):
            shutil.copy(file, yesterday)
        copied = size_of(alder)
        first.start().wait_until_ready()
        run("console", folder)
        seen = until_cosigned(alder, copied + 1)
        first.stop()
        # the disk is lost, and yesterday's copy put in its place
        for beside in ("audit.db-wal", "audit.db-shm"):
            (store_of(alder) / beside).unlink(missing_ok=True)
        shutil.copy(yesterday / "audit.db", store_of(alder))
        first.start()
        for _ in range(1_500):
            if asked(alder, "SELECT count(*) FROM log WHERE state = 'frozen'"):
                break
            time.sleep(0.02)
        # 1: doctor says which witness knows more
        said = run("doctor", folder, code=1)
        assert "it is frozen: nothing is appended" in said
        assert "larger checkpoint under this log's own key" in said
        assert f"127.0.0.1:{birch.file.port}" in said
        first.stop()
        # 2: verify-log says how many entries the copy has
        assert f"{copied} entries" in run("verify-log", folder)
        # what is asked for is to be meant
        assert "not" in run("end-log", folder, "--at", str(copied + 1), code=1)
        second_try = run("end-log", folder, "--at", str(copied))
        assert f"has ended at {copied} entries" in second_try
        # and the node goes on, and is witnessed
        first.start().wait_until_ready()
        before = size_of(alder)
        run("console", folder)
        until_cosigned(alder, before + 1)
        said = run("doctor", folder, code=1)  # what the witness found is shown for a week
        assert "it is frozen" not in said
        assert "last entries are lost" in said
    finally:
        for process in processes:
            process.stop()
    assert seen > copied
    run("verify-log", folder)

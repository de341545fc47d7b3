"""docs/log-exports.md: whoever has the page and none of our code verifies an export, and finds what was altered."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from safepassage.wire_exports import NewExport
from safepassage.wire_log import EntrySearch
from tests.audit.audit_node import AuditNode, event
from tests.audit.exports.test_brought_exports import AtTheNode, brought

pytestmark = pytest.mark.anyio
PAGE = Path(__file__).parents[3] / "docs" / "log-exports.md"


def program() -> str:
    (found,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    return str(found)


def line_of(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a line of proofs, and what the manifest says of the file: as somebody would who has all but the log's key."""
    file = folder / "proofs-00000.jsonl"
    lines = [json.loads(line) for line in file.read_bytes().splitlines()]
    change(lines[1])
    file.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))


def of_the_manifest(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    told = json.loads((folder / "manifest.json").read_bytes())
    change(told)
    (folder / "manifest.json").write_text(json.dumps(told))


ALTERED: dict[str, Callable[[Path], None]] = {
    "a part": lambda folder: (folder / "entries-00000.jsonl").write_bytes(b"{}\n"),
    "the manifest": lambda folder: of_the_manifest(folder, lambda told: told["manifest"].update(entries=8)),
    "a proof": lambda folder: line_of(folder, lambda line: line.update(index=3)),
}


@pytest.mark.requirement("LOG-EXPORTS")
async def test_the_program_of_the_page_verifies_what_was_exported_and_nothing_that_was_altered(node: AuditNode, tmp_path: Path) -> None:
    await node.append(event("request", student=uuid4()), event("load"), *[event("request", student=uuid4()) for _ in range(7)])
    whole = tmp_path / "whole"
    signed = await brought(AtTheNode(node, asyncio.get_running_loop()), whole, NewExport(search=EntrySearch(), format="jsonl"))
    vkey = node.verifier(signed.manifest.plan.ranges[0].log).vkey
    names: dict[str, Any] = {}
    exec(program(), names)  # noqa: S102 our own text
    assert names["verify"](whole, vkey) == signed.manifest.entries == 9
    for what, alter in ALTERED.items():
        copy = Path(shutil.copytree(whole, tmp_path / what))
        alter(copy)
        with pytest.raises((AssertionError, ValueError)):
            names["verify"](copy, vkey)


async def test_it_finds_what_is_told_otherwise_than_was_committed_to(node: AuditNode, tmp_path: Path) -> None:
    """Where the files' digests are as the manifest has them the proofs still hold each entry to the log."""
    await node.append(*[event("request", student=uuid4()) for _ in range(2)])
    await brought(AtTheNode(node, asyncio.get_running_loop()), tmp_path, NewExport(search=EntrySearch(), format="jsonl"))
    told = json.loads((tmp_path / "manifest.json").read_bytes())
    vkey = node.verifier(told["manifest"]["plan"]["ranges"][0]["log"]).vkey
    names: dict[str, Any] = {}
    exec(program().replace('assert sha(file.read_bytes()) == raw(part["sha256"])', "pass"), names)  # noqa: S102 our own text
    assert names["verify"](tmp_path, vkey) == 2
    held = (tmp_path / "proofs-00000.jsonl").read_bytes()
    for change in (
        lambda line: line["actor"]["payload"].update(kind="operator"),
        lambda line: line["context"]["payload"].update(operation="other"),
        lambda line: line["subjects"][0]["payload"].update(student_id=str(uuid4())),
        lambda line: line.update(index=0),
        lambda line: line.update(path=line["path"][:-1]),
    ):
        line_of(tmp_path, change)
        with pytest.raises(AssertionError):
            names["verify"](tmp_path, vkey)
        (tmp_path / "proofs-00000.jsonl").write_bytes(held)


def test_the_program_imports_nothing_of_ours() -> None:
    ask = program() + "\nimport sys\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in loaded if name.partition(".")[0] in {"safepassage", "services", "shared", "node"}]

"""The table of what each client completes is what the scripts do, and every script that has a client is run by a test."""

import re
from collections.abc import Iterator
from pathlib import Path

from node.documents import ROOT
from tests.npm.flows import FLOWS, LIBRARIES, Done, table

FOLDER = Path(__file__).parent


def done() -> Iterator[tuple[str, Done]]:
    """Each flow that a library completes."""
    for flow in FLOWS:
        for library, one in (("openid-client", flow.openid_client), ("oauth4webapi", flow.oauth4webapi)):
            if one is not None:
                yield library, one


def source(script: str) -> str:
    return (FOLDER / f"{script}.mjs").read_text()


def test_the_documentation_has_the_table() -> None:
    assert table() in (ROOT / "docs" / "oauth.md").read_text(), "python -m tests.npm.flows"


def test_each_script_makes_the_call_that_the_table_says() -> None:
    for library, one in done():
        name = LIBRARIES[library]
        assert f"import * as {name} from '{library}'" in source(one.script), one
        assert re.search(rf"\b{name}\s*\.{one.call}\b", source(one.script)), one


def test_each_script_that_has_a_client_is_in_the_table_and_run_by_a_test() -> None:
    texts = {path.stem: path.read_text() for path in FOLDER.glob("*.mjs")}
    imported = {name for text in texts.values() for name in re.findall(r"from '\./(\w+)\.mjs'", text)}
    having = {script for script, text in texts.items() if any(f"from '{library}'" in text for library in LIBRARIES)} - imported
    assert having <= {one.script for _, one in done()}
    tests = "\n".join(path.read_text() for path in FOLDER.glob("test_*.py"))
    assert {script for script in having if f'"{script}.mjs"' not in tests} == set()

"""docs/oauth.md, where an application on a person's machine is registered and acts for them: as it is written there, at a real node."""

import re
import webbrowser
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from typer.testing import CliRunner

from node.command import app
from node.demo.processes import NodeProcess, free_port
from node.folder import NodeFolder
from safepassage.wire_alerts import AlertPage
from tests.tutorial.typed import ROOT, blocks, typed

CAME_BACK_TO = "address_that_the_browser_came_back_to"


def snippet() -> str:
    """The page's one program."""
    (found,) = re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs" / "oauth.md").read_text(), re.M | re.S)
    return str(found)


class Operator:
    """At a browser: they came in by the link of `console`, read what is asked, and agree to it."""

    def __init__(self, browser: httpx.Client, link: str) -> None:
        self.issuer, _, value = link.partition("/sign-in/link#")
        self.browser, self.read = browser, ""
        self.names: dict[str, Any] = {"__name__": "__main__"}
        answered = self._send("/sign-in/link", link=value)
        assert answered.status_code == 303, answered.text

    def open(self, url: str) -> bool:
        """What `webbrowser.open` does: the program goes on once the person has answered."""
        page = self.browser.get(url)
        assert page.status_code == 200, page.text
        self.read = page.text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
        answered = self._send("/oauth/authorize", **hidden, answer="approve")
        assert answered.status_code == 303, answered.text
        self.names[CAME_BACK_TO] = answered.headers["location"]
        return True

    def _send(self, path: str, **form: str) -> Any:
        return self.browser.post(self.issuer + path, data=form, headers={"origin": self.issuer})


def run(*arguments: str) -> str:
    said = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "400"})
    assert said.exit_code == 0, said.output
    return said.output


@pytest.mark.requirement("ALL-tutorial")
@pytest.mark.slow
def test_an_application_is_registered_and_acts_for_a_person_as_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run("new", "node", "--name", "Agency", "--state", "XA", "--port", str(free_port()), "--insecure-development")
    typed("oauth.md", tmp_path)
    node = NodeProcess(NodeFolder(tmp_path / "node")).start()
    try:
        node.wait_until_ready()
        link = re.search(r"http://\S+/sign-in/link#\S+", run("console", "node"))
        assert link
        with httpx.Client() as browser:
            operator = Operator(browser, link[0])
            monkeypatch.setattr(webbrowser, "open", operator.open)
            exec(snippet(), operator.names)  # noqa: S102 our own text
    finally:
        node.stop()
    assert "A tool" in operator.read
    assert operator.names[CAME_BACK_TO].startswith("http://127.0.0.1:8000/callback?")
    assert isinstance(operator.names["alerts"], AlertPage)


def test_the_page_has_commands_and_a_program() -> None:
    assert len(blocks("oauth.md")) == 1
    assert CAME_BACK_TO in snippet()

"""The receiver of docs/siem.md receives, and refuses what is not signed; what the page shows is what the routes take."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from safepassage.wire_destinations import NewLogDestination
from shared.clock import system_clock
from tests.audit.destinations.keeping import keeping
from tests.conftest import StandingClock

PAGE = (Path(__file__).parents[3] / "docs" / "siem.md").read_text(encoding="utf-8")


@contextmanager
def receiver_of_the_page() -> Iterator[tuple[int, list[str]]]:
    """The page's own lines but for the last one, since a free port is needed here. Gives the port, and the keys."""
    (source,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    lines, _, last = source.rstrip().rpartition("\n")
    assert last == 'HTTPServer(("127.0.0.1", 8080), Receiver).serve_forever()'
    names: dict[str, Any] = {}
    exec(lines, names)  # noqa: S102 our own text
    names["Receiver"].log_message = lambda *_: None
    server = HTTPServer(("127.0.0.1", 0), names["Receiver"])
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port, names["KEYS"]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.anyio
@pytest.mark.requirement("LOG-SIEM")
async def test_the_receiver_of_the_page_takes_what_is_signed_by_its_key_and_nothing_else(
    store_url: str, node_keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "siem.keys").write_text(f"whsec_{'A' * 32}\n")
    clock = StandingClock(system_clock())  # the page's receiver has the machine's
    async with keeping(store_url, node_keys, clock) as kept:
        with receiver_of_the_page() as (port, keys):
            made = await kept.webhook(port, signature="v1a")
            await kept.turn()
            stands = await kept.stands(made.destination.id)
            assert (stands.last_status, stands.behind) == (401, 1)
            keys.append(str(made.public_key))
            clock.advance(seconds=10)
            await kept.courier.turn()
            stands = await kept.stands(made.destination.id)
    assert (stands.last_status, stands.behind) == (204, 0)
    stored = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert [one["event"]["metadata"]["sequence"] for one in stored] == [0]


def test_what_the_page_shows_is_what_the_route_takes() -> None:
    shown = [one for one in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL) if '"receiver"' in one]
    assert len(shown) == 2
    for one in shown:
        assert NewLogDestination.model_validate_json(one).name == "SOC"

"""An origin is what a browser sends as one, and nothing else."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.origins import is_origin
from shared.settings import ServiceSettings


@pytest.mark.parametrize(
    "url",
    ["https://alder.example", "https://alder.example:8443", "http://127.0.0.1:8000", "http://[::1]:8000", "https://[2001:db8::1]"],
)
def test_scheme_host_and_port_are_one(url: str) -> None:
    assert is_origin(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "alder.example",
        "https://",
        "https://alder.example/",
        "https://alder.example/node",
        "https://alder.example?",
        "https://alder.example#",
        "https://Alder.example",
        "HTTPS://alder.example",
        "https://alder.example:443",
        "http://alder.example:80",
        "https://alder.example:",
        "https://alder.example:99999",
        "https://alder.example:08443",
        "https://user@alder.example",
        "https://[::1",
        "https://alder.example\n",
        "ftp://alder.example",
    ],
)
def test_what_no_browser_sends_is_none(url: str) -> None:
    assert not is_origin(url)


@pytest.mark.parametrize("entity_id", ["https://alder.example/node", "https://Alder.example", "https://alder.example:443"])
def test_no_process_starts_under_a_name_that_is_none(tmp_path: Path, entity_id: str) -> None:
    about = {"database_url": "sqlite+aiosqlite:///x", "keys_directory": tmp_path}
    assert ServiceSettings(entity_id="https://alder.example:8443", **about).host == "alder.example:8443"
    with pytest.raises(ValidationError, match="no path"):
        ServiceSettings(entity_id=entity_id, **about)

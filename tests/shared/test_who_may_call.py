"""The call graph is data; keys follow from it."""

from pathlib import Path

import pytest

from node.keys import create_node_keys
from shared.who_may_call import SERVICES, WHO_MAY_CALL, callers_of, forwarded_to


def test_nobody_calls_the_gateway_and_everybody_may_reach_audit() -> None:
    assert callers_of("gateway") == ()
    assert callers_of("audit") == ("gateway", "privacy", "records")
    assert set(WHO_MAY_CALL) == set(SERVICES)


def test_a_service_meets_the_tokens_of_its_callers_and_of_those_behind_them() -> None:
    assert forwarded_to("privacy") == ("gateway", "records")
    assert forwarded_to("records") == ("gateway",)
    assert forwarded_to("audit") == ("gateway", "privacy", "records")


def test_a_services_folder_holds_no_other_services_private_key(node_keys: Path) -> None:
    private = {service: (node_keys / service / "internal.json").read_text() for service in SERVICES}
    assert len(set(private.values())) == len(SERVICES)
    for service in SERVICES:
        public = list((node_keys / service).glob("callers/*.json"))
        assert {path.stem for path in public} == set(forwarded_to(service))
        assert all('"d"' not in path.read_text() for path in public)


def test_key_files_are_their_owners_alone_and_never_replaced(node_keys: Path) -> None:
    for path in node_keys.rglob("*"):
        if path.is_file() and path.parent.name != "callers" and not path.name.endswith("-verification.json"):
            assert path.stat().st_mode & 0o077 == 0, path.name
    before = (node_keys / "audit" / "log.json").read_text()
    with pytest.raises(FileExistsError):
        create_node_keys(node_keys)
    assert (node_keys / "audit" / "log.json").read_text() == before

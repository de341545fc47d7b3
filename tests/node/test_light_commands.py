"""A command loads what it needs: whoever types one waits for no page of the console, and a service starts without the other three."""

import subprocess
import sys

import pytest

PAGES = "services.gateway.console.routes"
APPS = ("services.audit.app", "services.gateway.app", "services.privacy.app", "services.records.app")


def loaded_by(module: str) -> set[str]:
    """The modules of a process that has imported this one."""
    said = subprocess.run([sys.executable, "-c", f"import {module}, sys; print(*sys.modules)"], check=True, capture_output=True, text=True)
    return set(said.stdout.split())


@pytest.mark.parametrize("command", ["trust", "new", "clients", "policies", "letters", "services", "up"])
def test_a_command_loads_no_service_before_it_runs_one(command: str) -> None:
    loaded = loaded_by(f"node.commands.{command}")
    assert not loaded & {PAGES, *APPS}
    assert not [one for one in loaded if one.startswith("services.gateway.console.")]


def test_who_signs_a_trust_list_waits_for_no_web_framework_no_store_and_no_client() -> None:
    assert not loaded_by("node.commands.trust") & {"fastapi", "sqlalchemy", "aiohttp", "uvicorn"}


@pytest.mark.parametrize("service", ["audit", "privacy", "records"])
def test_a_service_loads_no_other_one(service: str) -> None:
    loaded = loaded_by(f"services.{service}.app")
    assert {one for one in loaded if one in APPS} == {f"services.{service}.app"}
    assert PAGES not in loaded

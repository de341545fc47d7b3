"""Only `tests/containers/run` has containers to test."""

import os

import pytest

from tests.containers.composed import Composed


@pytest.fixture(scope="session")
def composed() -> Composed:
    """The project that is up."""
    project = os.environ.get("SAFE_PASSAGE_TEST_COMPOSE")  # noqa: TID251 how the script tells the tests
    if not project:
        pytest.skip("needs a container engine: make test-containers")
    return Composed(project)

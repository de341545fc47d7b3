"""Pushed requests made from the OpenAPI document, good and bad: whatever comes, the answer is one that it knows, and no redirect."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import StandingClock
from tests.documented import documented
from tests.gateway.by_hand import Answer
from tests.gateway.house import open_house
from tests.gateway.oauth.codes.flow import Application, application

pytestmark = pytest.mark.fuzz

PATH = "/oauth/par"
DOCUMENT = documented("gateway")
OPERATION = schemathesis.openapi.from_dict(DOCUMENT)[PATH]["POST"]


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, node_keys: Path, empty_store: Path) -> Iterator[tuple[BlockingPortal, Application]]:
    clock = StandingClock(datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC))
    opened = open_house(tmp_path_factory.mktemp("par"), node_keys, clock, template=empty_store, anonymous_burst=100_000)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(opened) as house:
        yield portal, portal.call(application, house)


def test_every_answer_is_one_that_the_document_knows(standing: tuple[BlockingPortal, Application]) -> None:
    portal, app = standing
    documented = {int(status) for status in DOCUMENT["paths"][PATH]["post"]["responses"]}

    @given(OPERATION.as_strategy(), st.booleans())
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def one(case: Any, authentic: bool) -> None:
        made = {str(name): str(value) for name, value in (case.body if isinstance(case.body, dict) else {}).items()}
        form = {**app.request(), **made, **(app.party.proven(app.house.now) if authentic else {})}

        async def push() -> Answer:
            return await app.push(form=form)

        answer = portal.call(push)
        assert answer.status in documented | {413}, answer
        assert answer.status < 500, answer
        assert "location" not in answer.headers

    one()

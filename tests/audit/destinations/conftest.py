"""A service that may send to this machine, and receivers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.audit.destinations.keeping import Keeping, keeping
from tests.audit.destinations.receivers import WebhookReceiver, webhook_receiver
from tests.conftest import StandingClock


@pytest.fixture
async def kept(store_url: str, node_keys: Path, clock: StandingClock) -> AsyncIterator[Keeping]:
    async with keeping(store_url, node_keys, clock) as one:
        yield one


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    async with webhook_receiver() as one:
        yield one

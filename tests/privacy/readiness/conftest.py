"""A state agency on a privacy service of its own."""

import pytest

from tests.privacy.readiness.agency import Agency
from tests.privacy.world import World


@pytest.fixture
async def agency(world: World) -> Agency:
    """Alder's."""
    return Agency(world)

"""The policy set of this version, read once."""

import pytest

from services.privacy.policy import PolicySet, load_policy_set


@pytest.fixture(scope="session")
def policy_set() -> PolicySet:
    return load_policy_set()

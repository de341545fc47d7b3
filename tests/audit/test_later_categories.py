"""What was logged by the names of elements that this version did not know is found by their categories once it does."""

from datetime import timedelta
from uuid import uuid4

import pytest

from services.audit.index import terms
from services.audit.index.terms import elements_in
from shared.contracts.audit import Event
from tests.audit.audit_node import AuditNode, event, give_organisations
from tests.audit.test_search_filters import search, state
from tests.audit.test_tallies import tallied
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

LATER = "health.bright_eyes"


def filed(*elements: str) -> Event:
    """A record of a peer of a later version was filed."""
    return event("load", student=uuid4(), elements=elements)


def known_by_now(monkeypatch: pytest.MonkeyPatch, *categories: str) -> None:
    """This version has become one that knows the element."""
    monkeypatch.setattr(terms, "_CATEGORIES", {**terms._CATEGORIES, LATER: frozenset(categories)})


@pytest.mark.requirement("UPGRADE-later-record")
@pytest.mark.parametrize("indexed", [True, False])
async def test_a_category_finds_what_was_logged_before_its_element_was_known(
    node: AuditNode, monkeypatch: pytest.MonkeyPatch, indexed: bool
) -> None:
    await give_organisations(node)
    await node.append(filed("identity.name", LATER), filed("identity.name"))
    if indexed:
        await node.app.state.projector.catch_up()

    async def found(**asked: list[str]) -> set[int]:
        answer = await search(node, state(node), **asked)
        assert answer.not_looked_at == 0
        return {entry.index for entry in answer.entries}

    assert await found(categories=["health"]) == set()
    assert await found(elements=[LATER]) == {0}
    known_by_now(monkeypatch, "health")
    assert await found(categories=["health"]) == {0}
    assert await found(categories=["health"], elements=["identity.name"]) == {0}
    assert await found(categories=["health"], classes=["read"]) == set()
    assert await found(categories=["discipline"]) == set()
    assert await found(categories=["identity"]) == {0, 1}
    await node.app.state.projector.rebuild()
    assert await found(categories=["health"]) == {0}


async def test_it_is_counted_by_its_category_too(node: AuditNode, monkeypatch: pytest.MonkeyPatch, clock: StandingClock) -> None:
    await give_organisations(node)
    await node.append(filed(LATER), filed("identity.name"))
    known_by_now(monkeypatch, "health")
    bounds = [clock() - timedelta(hours=1), clock() + timedelta(hours=1)]
    found = await tallied(node, state(node), bounds, {"search": {"categories": ["health"]}, "by": ["class"]})
    [row] = found.tallies[0].rows
    assert (row.values, row.entries) == (("load",), 1)


def test_each_element_is_in_its_categories() -> None:
    for element, categories in terms._CATEGORIES.items():
        assert all(element in elements_in(category) for category in categories)
    assert elements_in("no-such-category") == []

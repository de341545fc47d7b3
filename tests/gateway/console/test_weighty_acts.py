"""What is weighty, and what leaves as a file, wants a sign-in of a moment ago; so does the form that leads to it."""

from typing import Final

import pytest

from services.gateway.door.route import Route
from services.gateway.door.routing_table import ROUTES

CONSOLE: Final = [route for route in ROUTES if route.template.startswith("/console")]
LIGHT: Final = {
    "/console/blast-radius": "asks",
    "/console/decisions/sets/draft": "drafts; two others approve",
    "/console/decisions/sets/{policy_hash}/checks": "checks a draft",
    "/console/decisions/sets/{policy_hash}/replays": "tries a draft",
    "/console/decisions/simulation": "asks, about nobody",
    "/console/decisions/{decision_id}/reproduction": "asks",
    "/console/duties/{duty_id}/done": "says what was done, with what shows it",
    "/console/log/find": "asks",
    "/console/log/saved-searches": "keeps a search of one's own",
    "/console/log/saved-searches/{saved_search_id}/end": "ends it",
    "/console/preferences": "of the browser",
    "/console/statistics": "asks, with noise",
    "/console/students": "asks",
}
"""Forms that ask for none, and why."""


def sent(route: Route) -> bool:
    return route.method == "POST"


@pytest.mark.requirement("CON-roles")
def test_each_form_wants_a_sign_in_of_a_moment_ago_or_is_on_the_list_that_says_why_not() -> None:
    assert {route.template for route in CONSOLE if sent(route) and not route.step_up} == set(LIGHT)


def test_the_page_of_a_weighty_act_wants_it_too_so_that_nobody_fills_a_form_in_for_nothing() -> None:
    weighty = {route.template for route in CONSOLE if sent(route) and route.step_up}
    assert len(weighty) > 12
    assert [route.template for route in CONSOLE if route.template in weighty and not route.step_up] == []


def test_what_leaves_as_a_file_wants_it() -> None:
    files = [route for route in CONSOLE if not sent(route) and route.template.endswith(("/export", ".csv", ".pdf"))]
    assert len(files) > 10
    assert [route.template for route in files if not route.step_up] == []

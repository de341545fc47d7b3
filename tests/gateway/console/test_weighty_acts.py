"""What is weighty, and what leaves as a file, wants a sign-in of a moment ago; so does the form that leads to it."""

from typing import Final

import pytest

from services.gateway.door.route import Route
from services.gateway.door.routing_table import ROUTES
from services.gateway.door.step_up import asks_step_up
from services.gateway.oauth.codes.role_scopes import ROLE_SCOPES

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


OF_PAGES: Final = {
    "/console/agreements/{agreement_id}/suspension": "/v1/organisations/{organisation_id}/suspensions",
    "/console/agreements/{agreement_id}/suspension/lift": "/v1/organisations/{organisation_id}/suspensions/{suspension_id}/lifting",
    "/console/blast-radius/found/duties": "/v1/duties",
    "/console/dead-letters/{letter_id}/abandonment": "/v1/dead-letters/{letter_id}/abandonment",
    "/console/dead-letters/{letter_id}/requeue": "/v1/dead-letters/{letter_id}/requeue",
    "/console/decisions/activations/{number}/call-off": "/v1/policy-activations/{number}/call-off",
    "/console/decisions/sets/{policy_hash}/activation": "/v1/policy-sets/{policy_hash}/activation",
    "/console/decisions/sets/{policy_hash}/approval": "/v1/policy-sets/{policy_hash}/approvals",
    "/console/duties/contractor-notice": "/v1/duties",
    "/console/duties/{duty_id}/waived": "/v1/duties/{duty_id}/waiver",
    "/console/matches/{match_id}/decision": "/v1/matches/{match_id}/resolution",
    "/console/students/{handle}/consents/{consent_id}/withdrawal": "/v1/consents/{consent_id}/withdrawal",
    "/console/students/{handle}/family-links/{holder}": "/v1/family-links",
    "/console/students/{handle}/family-links/{link_id}/withdrawal": "/v1/family-links/{link_id}/withdrawal",
    "/console/students/{handle}/hold": "/v1/log/holds",
    "/console/students/{handle}/opt-outs/{holder}": "/v1/preferences",
    "/console/students/{handle}/paper-consents/{holder}": "/v1/consents",
    "/console/students/{handle}/preferences/{preference_id}/rescission": "/v1/preferences/{preference_id}/rescission",
}
"""What an application asks for, which a person does at the page."""


@pytest.mark.requirement("DOOR-step-up")
def test_an_application_is_asked_for_what_the_page_is_asked_for() -> None:
    by_template = {route.template: route for route in ROUTES if route.method == "POST" and route.accepts == "clients"}
    weighty = {route.template for route in CONSOLE if sent(route) and route.step_up}
    assert set(OF_PAGES) == weighty, "say which operation does it"
    for page, operation in OF_PAGES.items():
        route = by_template[operation]
        lets = any(route.scopes & scopes for scopes in ROLE_SCOPES.values())
        assert asks_step_up(route) or not lets, f"{page}: nobody lets an application do it, or it is asked for"

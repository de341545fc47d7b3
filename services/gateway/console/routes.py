"""The console's own: its files, how a person wants to read, and all of its pages together."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from services.gateway.console import (
    agreement_page,
    agreements,
    alerts,
    blast_radius,
    contractor_notice,
    dead_letter_acts,
    dead_letters,
    dead_letters_export,
    decision_page,
    decisions,
    duties,
    duties_export,
    duty_completion,
    duty_page,
    duty_waiver,
    ed_fi_system_page,
    ed_fi_systems,
    exchange_page,
    exchanges,
    family_links,
    log_entry,
    log_export,
    log_kept,
    log_proof,
    log_saved,
    log_search,
    match_page,
    matches,
    matches_export,
    no_page,
    opt_outs,
    paper_consents,
    policy_replay,
    policy_set,
    policy_set_activation,
    policy_set_approval,
    policy_set_draft,
    policy_sets,
    public_page,
    radius_duties,
    radius_tables,
    readiness,
    settings_export,
    settings_page,
    simulation,
    state_exports,
    state_page,
    states,
    states_export,
    statistics,
    student_acts,
    student_page,
    student_tables,
    students,
    suspension,
    today,
    trust_lists,
)
from services.gateway.console.navigation import HOME
from services.gateway.console.pages import PATH, ConsoleRoute, static
from services.gateway.console.preferences import cookies_for
from services.gateway.people.forms import read_form
from services.gateway.people.pages import form_of, page_responses
from services.gateway.people.return_path import return_path
from services.gateway.people.signed_in import SignedInPerson

router = APIRouter(tags=["console"], route_class=ConsoleRoute)


@router.get(f"{PATH}/{{version}}/{{name}}", response_model=None, responses=page_responses(200, 404))
async def read_console_asset(version: str, name: str) -> Response:
    """A file that pages of the console need."""
    return static().answer(version, name)


@router.post(
    "/console/preferences",
    response_model=None,
    status_code=303,
    responses=page_responses(303),
    openapi_extra=form_of(
        {
            "token": "Of the page",
            "back": "Path to come back to",
            "language": "en or es",
            "theme": "auto, light or dark",
            "zone": "IANA name of a time zone",
        }
    ),
)
async def keep_preferences(request: Request, person: SignedInPerson) -> Response:
    """Keep how this browser's person wants to read. What is not of the lists changes nothing."""
    form = read_form(await request.body())
    back = return_path(form.get("back"))
    response = RedirectResponse(back if back.startswith(HOME) else HOME, 303)
    secure = request.app.state.settings.entity_id.startswith("https://")
    for cookie in cookies_for(form.items(), secure=secure):
        response.headers.append("set-cookie", cookie)
    return response


ROUTERS: Final = (
    router,
    today.router,
    alerts.router,
    log_search.router,
    log_kept.router,
    log_saved.router,
    log_export.router,
    log_proof.router,
    log_entry.router,
    exchanges.router,
    exchange_page.router,
    matches.router,
    matches_export.router,
    match_page.router,
    dead_letters_export.router,
    dead_letters.router,
    dead_letter_acts.router,
    blast_radius.router,
    radius_duties.router,
    radius_tables.router,
    decisions.router,
    simulation.router,
    policy_sets.router,
    policy_set_draft.router,
    policy_set.router,
    policy_replay.router,
    policy_set_approval.router,
    policy_set_activation.router,
    decision_page.router,
    agreements.router,
    agreement_page.router,
    suspension.router,
    duties.router,
    duties_export.router,
    contractor_notice.router,
    duty_page.router,
    duty_completion.router,
    duty_waiver.router,
    students.router,
    student_page.router,
    student_tables.router,
    student_acts.router,
    family_links.router,
    opt_outs.router,
    paper_consents.router,
    readiness.router,
    public_page.router,
    settings_page.router,
    settings_export.router,
    states_export.router,
    states.router,
    trust_lists.router,
    ed_fi_systems.router,
    ed_fi_system_page.router,
    state_exports.router,
    state_page.router,
    statistics.router,
    no_page.router,
)
"""All of the console's; the last one takes what no other does."""

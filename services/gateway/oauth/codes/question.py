"""What a person is asked: which application, of whom, may do what, for which purpose, for how long; and whether they may say yes. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from safepassage.wire_organisations import OrganisationKind
from services.gateway.oauth.authorization_details import StudentDataAccess
from services.gateway.oauth.codes.pushing import LASTS_SECONDS
from services.gateway.oauth.codes.role_scopes import grantable
from services.gateway.people.person import Person
from services.gateway.tables import PushedRequestRow


@dataclass(frozen=True)
class Application:
    """The client, as far as a person has to know it."""

    name: str
    organisation: str
    scopes: frozenset[str]
    in_force: bool
    """It may still have what it asked for, and send people back to where it said."""
    sends_back: bool
    """Who does not agree may be sent back to where it said."""
    reaches_person: bool
    """Its organisation is the person's own or one above, or a party to an agreement that is in force for the person's district."""


@dataclass(frozen=True)
class Question:
    """What is asked of one person."""

    request: PushedRequestRow
    application: Application
    details: StudentDataAccess | None
    granted: tuple[str, ...]
    """What a yes would give."""
    left_out: tuple[str, ...]
    """What was asked for and this person cannot give."""
    why_not: str | None
    """Why a yes is not to be had, in words for the person; None where it is."""


def question(
    request: PushedRequestRow, application: Application, person: Person, kind: OrganisationKind, *, details: StudentDataAccess | None
) -> Question:
    """The question. `kind` of the person's organisation."""
    asked = request.scope.split()
    granted = grantable(asked, registered=application.scopes, role=person.role, kind=kind)
    left_out = tuple(sorted(set(asked) - set(granted)))
    return Question(request, application, details, granted, left_out, _why_not(request, application, person, granted))


def _why_not(request: PushedRequestRow, application: Application, person: Person, granted: Collection[str]) -> str | None:
    if not application.in_force:
        return "The application is not, or no longer, registered for what it asks."
    if not application.reaches_person:
        return "The application belongs to another organization than yours, and no agreement in force lets it act for yours."
    if not granted:
        return "Your role does not let you agree to anything of what it asks."
    if not is_strong_enough(request, person):
        return "The application wants a stronger sign-in than your agency's sign-in has given."
    return None


def is_strong_enough(request: PushedRequestRow, person: Person) -> bool:
    """Whether the person proved who they are in one of the ways that the application asks for (`acr_values`)."""
    return request.acr_values is None or person.acr in request.acr_values.split()


def is_recent_enough(request: PushedRequestRow, person: Person, now: datetime) -> bool:
    """Whether they did lately (`max_age`): within so many seconds, or since they were asked."""
    if request.max_age_seconds is None:
        return True
    asked_at = request.expires_at - timedelta(seconds=LASTS_SECONDS)
    return person.authenticated_at >= min(asked_at, now - timedelta(seconds=request.max_age_seconds))

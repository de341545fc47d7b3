"""Problems of people at a node's pages: who is not signed in, whose form it is not."""

from collections.abc import Sequence
from typing import Any

from safepassage.problems.problem import SuiteError


class NotSignedIn(SuiteError):
    """No session, or one that has ended: idle for too long, past its limit, signed out here or at the provider."""

    code, status, title = "not-signed-in", 401, "Nobody is signed in"
    remedy = "Sign in again, at /sign-in."


class StepUpNeeded(SuiteError):
    """What was asked for needs a person who has proved only just now who they are, or more strongly."""

    code, status, title = "step-up-needed", 401, "Confirm that it is you"
    remedy = "Sign in once more; you come back to where you were."


class PersonNotRecentlySeen(SuiteError):
    """The token's person proved who they are too long ago, or too weakly, for this (RFC 9470). WWW-Authenticate says what is wanted."""

    code, status, title = "person-not-recently-seen", 401, "The person has to confirm that it is them"
    remedy = "Ask the person again, with the max_age and acr_values of WWW-Authenticate in the pushed request, and use the new token."

    def __init__(self, detail: str | None = None, *, max_age_seconds: int = 0, acr_values: Sequence[str] = (), **about: Any) -> None:
        super().__init__(detail, **about)
        self.max_age_seconds, self.acr_values = max_age_seconds, tuple(acr_values)
        """For `ask_person`."""


class FormNotOurs(SuiteError):
    """A request that changes something did not come from a page of this node that was made for this session."""

    code, status, title = "form-not-ours", 403, "The form did not come from this page"
    remedy = "Open the page again, and send its own form."


class AuthorizationNotAsked(SuiteError):
    """No application is waiting for an answer under that name: it was answered, took too long, or is another application's."""

    code, status, title = "authorization-not-asked", 400, "Nobody is waiting for this answer"
    remedy = "Go back to the application and start again there."


class SignInNotUnderWay(SuiteError):
    """No sign-in of this browser is under way by that name: it was finished, took more than ten minutes, or began elsewhere."""

    code, status, title = "sign-in-not-under-way", 400, "This sign-in is not under way"
    remedy = "Start again at the sign-in page, in one window."


class SignInNotBelieved(SuiteError):
    """What the agency's provider answered could not be verified."""

    code, status, title = "sign-in-not-believed", 403, "The sign-in could not be verified"
    remedy = "Start again. If it happens again, tell the node's operator the time and this code."


class ProviderNotReached(SuiteError):
    """The agency's provider did not answer in time, or not as a provider does."""

    code, status, title = "provider-not-reached", 503, "The agency's sign-in cannot be reached"
    remedy = "Try again in a few minutes."
    retry = "after"


class SignInDeclined(SuiteError):
    """The provider says that the person did not sign in."""

    code, status, title = "sign-in-declined", 403, "You were not signed in"
    remedy = "Start again, and let the agency's sign-in finish."


class NoRoleHere(SuiteError):
    """The person is known to the provider, and has no role at this node, or more than one."""

    code, status, title = "no-role-here", 403, "You have no role here"
    remedy = "Ask your agency's Safe Passage operator for a role; they name the group or role to the people who run the agency's sign-in."


class GroupsNotTold(SuiteError):
    """The provider left a person's groups out of the id_token, because they are too many."""

    code, status, title = "groups-not-told", 403, "Your groups were not told"
    remedy = "Ask your agency's operator to assign application roles, or to have only groups of this application in the token."


class LinkNotGood(SuiteError):
    """A one-time link that was used, is older than ten minutes, or was never made."""

    code, status, title = "link-not-good", 403, "The link cannot be used"
    remedy = "Make a new one with `safepassage-node console`; each works once, for ten minutes."


class FamilyLinkNotGood(SuiteError):
    """A link to the family's page that was used, withdrawn, is too old, or was never made."""

    code, status, title = "family-link-not-good", 403, "This link does not work any more"
    remedy = "Ask your school district for a new link. Each link works one time."


class FamilyVisitOver(SuiteError):
    """A family member's visit that has ended: idle for too long, past its limit, left, or withdrawn by the agency."""

    code, status, title = "family-visit-over", 401, "Your visit has ended"
    remedy = "Ask your school district for a new link."


class HandleUnknown(SuiteError):
    """The address names something by a word of another session, or by none."""

    code, status, title = "handle-unknown", 404, "This page was of another session"
    remedy = "Addresses that stand for a person end with the session that they were made in. Search again."


class LogoutTokenNotValid(SuiteError):
    """The logout token is not one that the agency's provider made for this node, or came before."""

    code, status, title = "logout-token-not-valid", 400, "Logout token is not valid"
    remedy = "Send a new logout token of OpenID Connect Back-Channel Logout 1.0, signed as id_tokens are."

"""Acting for a person who agrees to it at their node: pushed request, browser, code, and the tokens after it (RFC 9126, 7636, 9207).

    asking = client.ask_person("http://127.0.0.1:8000/callback", scopes=("audit:search",))
    webbrowser.open(asking.url)                 # the person signs in at the node, reads what is asked, and answers
    client.take_answer(asking, "http://127.0.0.1:8000/callback?code=...&state=...&iss=...")   # the address they came back to

From then on the client's calls are for that person, until what they agreed to ends: then a call raises TokenNotGranted, and they are
asked again. Nothing of it is written to disk.
"""

import hmac
import json
import secrets
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from safepassage.canonical import digest_of
from safepassage.client.access import Access, PersonsGrant, oauth_error
from safepassage.client.assertions import ASSERTION_TYPE, client_assertion
from safepassage.client.flow import Outcome, Random, Send, Step, attempts, metadata_flow, not_granted
from safepassage.clock import Clock
from safepassage.problems.calls import AnswerNotUnderstood, TokenNotGranted

FORM: Final = "application/x-www-form-urlencoded"


class Pushed(BaseModel):
    """RFC 9126 section 2.2."""

    model_config = ConfigDict(extra="ignore")

    request_uri: Annotated[str, Field(max_length=512, pattern=r"^urn:ietf:params:oauth:request_uri:[!-~]+$")]
    expires_in: Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class Asking:
    """A question that waits for a person's answer."""

    url: str
    """Where to send their browser."""
    expires_in_seconds: int
    redirect_uri: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True)
class Wanted:
    """What an application asks for. Without scopes all that it is registered for."""

    redirect_uri: str
    scopes: tuple[str, ...] = ()
    max_age_seconds: int | None = None
    """How long ago the person may have signed in at the most; an operation that wants it says so in WWW-Authenticate."""
    acr_values: tuple[str, ...] = ()


def push_flow(wanted: Wanted, access: Access, clock: Clock, random: Random) -> Generator[Step, Outcome, Asking]:
    """Push the request. Raises TokenNotGranted, NodeUnreachable, AnswerNotUnderstood, or the node's problem."""
    yield from metadata_flow(access, clock, random)
    path, page = access.push_path, access.authorization_path
    if path is None or page is None:
        raise AnswerNotUnderstood("the node lets no application act for people")
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)

    def request() -> Send:
        now = clock()
        headers = {"dpop": access.proof("POST", path, now, token=None), "content-type": FORM}
        return Send("POST", path, headers, urlencode(_form(wanted, access, state, verifier, now)).encode())

    response = yield from attempts(request, access, clock, random, may_repeat=True)
    if response.status_code != 201:
        raise not_granted(response, clock)
    try:
        pushed = Pushed.model_validate_json(response.content)
    except ValidationError as error:
        raise AnswerNotUnderstood from error
    query = urlencode({"client_id": access.file.client_id, "request_uri": pushed.request_uri})
    return Asking(f"{access.file.issuer}{page}?{query}", pushed.expires_in, wanted.redirect_uri, state, verifier)


def take_answer(asking: Asking, url: str, access: Access) -> None:
    """Let `access` ask for tokens with the code of the person's answer. `url`: the whole address they came back to.

    Raises AnswerNotUnderstood for an answer of another round or another server, TokenNotGranted where the person did not agree.
    """
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    answer = dict(pairs)
    # INVARIANT: a code goes to the node only when this round and this node gave it (RFC 9207 section 2.4).
    if len(answer) != len(pairs) or url.partition("?")[0] != asking.redirect_uri.partition("?")[0]:
        raise AnswerNotUnderstood("not an answer at the redirect URI")
    if not hmac.compare_digest(answer.get("state", "").encode(), asking.state.encode()) or answer.get("iss") != access.file.issuer:
        raise AnswerNotUnderstood("the answer is of another round, or of another server")
    if "error" in answer:
        raise TokenNotGranted(oauth_error(json.dumps({"error": answer["error"]}).encode()))
    if not answer.get("code"):
        raise AnswerNotUnderstood("the answer has no code")
    access.act_for(PersonsGrant(answer["code"], asking.redirect_uri, asking.verifier))


def _form(wanted: Wanted, access: Access, state: str, verifier: str, now: datetime) -> dict[str, str]:
    form = {
        "response_type": "code",
        "redirect_uri": wanted.redirect_uri,
        "state": state,
        "code_challenge": digest_of(verifier.encode()),
        "code_challenge_method": "S256",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": client_assertion(access.key, client_id=access.file.client_id, issuer=access.file.issuer, now=now),
        **access.details_form(),
    }
    scopes = wanted.scopes or access.file.scopes
    form |= {"scope": " ".join(scopes)} if scopes else {}
    form |= {} if wanted.max_age_seconds is None else {"max_age": str(wanted.max_age_seconds)}
    return form | ({"acr_values": " ".join(wanted.acr_values)} if wanted.acr_values else {})

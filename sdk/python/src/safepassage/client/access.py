"""A client's access at one node: its token, bound to a key made for this process, and the nonces the node gives."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from safepassage.client.assertions import ASSERTION_TYPE, client_assertion, proof
from safepassage.client.client_file import ClientFile
from safepassage.client.keys import ClientKey
from safepassage.problems.calls import AnswerNotUnderstood

METADATA_PATH = "/.well-known/oauth-authorization-server"
RENEWED_BEFORE_SECONDS = 20
NO_WORD: Final = "invalid_answer"


class Metadata(BaseModel):
    """What is needed of the server's metadata (RFC 8414)."""

    model_config = ConfigDict(extra="ignore")

    issuer: str
    token_endpoint: str
    pushed_authorization_request_endpoint: str | None = None
    authorization_endpoint: str | None = None


class TokenAnswer(BaseModel):
    """RFC 6749 section 5.1, RFC 9449 section 5."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    access_token: Annotated[str, Field(repr=False, max_length=16_384, pattern=r"^[!-~]+$")]
    token_type: str
    expires_in: Annotated[int, Field(ge=1)]
    scope: str | None = None
    refresh_token: Annotated[str | None, Field(repr=False, max_length=4096, pattern=r"^[!-~]+$")] = None


@dataclass
class PersonsGrant:
    """What a client has of a person's answer: first a code, then a refresh token, which is another one after each use."""

    code: str = field(repr=False)
    redirect_uri: str
    verifier: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)

    @property
    def is_renewed(self) -> bool:
        """Whether the code has done its work: a refresh token whose answer was lost may be sent again, a code may not."""
        return self.refresh_token is not None

    def form(self) -> dict[str, str]:
        """What of it is sent for a token."""
        if self.refresh_token is not None:
            return {"grant_type": "refresh_token", "refresh_token": self.refresh_token}
        return {
            "grant_type": "authorization_code",
            "code": self.code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }


@dataclass
class Access:
    """State of one client at one node. Both faces keep it; nothing of it is written to disk."""

    file: ClientFile
    purpose: str | None
    key: ClientKey
    proof_key: ClientKey
    token_path: str | None = None
    push_path: str | None = None
    authorization_path: str | None = None
    person: PersonsGrant | None = None
    """For whom the client acts, if it does for a person."""
    nonce: str | None = None
    _token: str | None = field(default=None, repr=False)
    _renew_at: float = 0.0

    @classmethod
    def of(cls, file: ClientFile, *, purpose: str | None = None) -> "Access":
        """Raises ClientFileUnusable."""
        return cls(file, purpose or file.purpose, file.private_key, ClientKey.generate())

    def token(self, now: datetime) -> str | None:
        """The token, or None when a new one is needed."""
        return self._token if now.timestamp() < self._renew_at else None

    def forget_token(self, refused: str) -> None:
        """A token was refused: the next call gets a new one, unless another call already did."""
        if self._token == refused:
            self._token, self._renew_at = None, 0.0

    def learn_metadata(self, body: bytes) -> None:
        """Where the endpoints are. They have to be the node's own. Raises AnswerNotUnderstood."""
        try:
            metadata = Metadata.model_validate_json(body)
        except ValidationError as error:
            raise AnswerNotUnderstood from error
        # INVARIANT: an assertion goes to the node that the client file names and to no other.
        if metadata.issuer != self.file.issuer:
            raise AnswerNotUnderstood("the metadata is another server's")
        self.token_path = self._own_path(metadata.token_endpoint)
        pushing, page = metadata.pushed_authorization_request_endpoint, metadata.authorization_endpoint
        self.push_path = None if pushing is None else self._own_path(pushing)
        self.authorization_path = None if page is None else self._own_path(page)

    def _own_path(self, url: str) -> str:
        issuer, endpoint = urlsplit(self.file.issuer), urlsplit(url)
        if (issuer.scheme, issuer.netloc) != (endpoint.scheme, endpoint.netloc):
            raise AnswerNotUnderstood("the metadata is another server's")
        return endpoint.path

    def act_for(self, person: PersonsGrant) -> None:
        """From now on tokens are asked for with a person's answer."""
        self.person, self._token, self._renew_at = person, None, 0.0

    def token_form(self, now: datetime) -> dict[str, str]:
        """The form of a token request, with a new assertion."""
        assertion = client_assertion(self.key, client_id=self.file.client_id, issuer=self.file.issuer, now=now)
        form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
        if self.person is not None:
            return form | self.person.form()
        form |= {"grant_type": "client_credentials", **self.details_form()}
        return form | ({"scope": " ".join(self.file.scopes)} if self.file.scopes else {})

    def details_form(self) -> dict[str, str]:
        """What tokens are for, as a parameter."""
        if self.purpose is None:
            return {}
        details = {"type": "student_data_access", "purpose": self.purpose}
        details |= {} if self.file.agreement_id is None else {"agreement_id": str(self.file.agreement_id)}
        return {"authorization_details": json.dumps([details])}

    def learn_token(self, body: bytes, now: datetime) -> str:
        """Keep the token of an answer, and give it. Raises AnswerNotUnderstood, also for a token that is not bound to our key."""
        try:
            answer = TokenAnswer.model_validate_json(body)
        except ValidationError as error:
            raise AnswerNotUnderstood from error
        if answer.token_type.lower() != "dpop":
            raise AnswerNotUnderstood("the token is not bound to a key")
        if self.person is not None:
            self.person.refresh_token = answer.refresh_token or self.person.refresh_token
        self._token = answer.access_token
        self._renew_at = now.timestamp() + max(answer.expires_in / 2, answer.expires_in - RENEWED_BEFORE_SECONDS)
        return answer.access_token

    def proof(self, method: str, path: str, now: datetime, *, token: str | None) -> str:
        """A proof for a request to `path`. It names the URL as the node knows itself."""
        url = self.file.issuer + path
        return proof(self.proof_key, method=method, url=url, now=now, token=token, nonce=self.nonce)

    def authorization(self, method: str, path: str, now: datetime, *, token: str) -> dict[str, str]:
        """The headers of an authorised request."""
        return {"authorization": f"DPoP {token}", "dpop": self.proof(method, path, now, token=token)}


def oauth_error(body: bytes) -> str:
    """The `error` of an OAuth error document, a word; NO_WORD for anything else."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return NO_WORD
    error = document.get("error") if isinstance(document, dict) else None
    return error if isinstance(error, str) and error.isascii() and error.replace("_", "").isalnum() and len(error) <= 64 else NO_WORD

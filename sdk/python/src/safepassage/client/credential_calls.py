"""The operations on credentials, as `safepassage.client.calls`. `safepassage.credentials` verifies what they give."""

from uuid import UUID

from safepassage.client.call import Call, asking, fetching, path_of, reading, taking, writing
from safepassage.wire_credentials import CredentialRevocation, IssuedCredential, NewTranscript, RevokedCredential
from safepassage.wire_educators import EducatorId, HeldMicroCredential, HeldMicroCredentials, NewMicroCredential, PresentedCredential
from safepassage.wire_exchange import ExchangeRequest
from safepassage.wire_licensure import NewCredentialRequest


def issue_transcript(student_id: UUID, new: NewTranscript, *, idempotency_key: str | None = None) -> Call[IssuedCredential]:
    """A transcript as CLR 2.0, for a rights holder or by written consent; each is a disclosure, logged. Scope rights:act."""
    path = path_of("/v1/students/{id}/transcripts", id=student_id)
    return writing("POST", path, new, IssuedCredential, idempotency_key=idempotency_key)


def revoke_credential(credential_id: UUID, revocation: CredentialRevocation) -> Call[RevokedCredential]:
    """Revoke a credential for good; again, it answers what was said first. Scope credentials:revoke."""
    return writing("POST", path_of("/v1/credentials/{id}/revocation", id=credential_id), revocation, RevokedCredential)


def read_credential_status_list(number: int) -> Call[bytes]:
    """Which credentials of a list were revoked, as `safepassage verify --status-list` takes it. Open to everybody."""
    return fetching(path_of("/v1/credential-status-lists/{number}", number=number), accept="application/vc")


def issue_educator_credential(new: NewMicroCredential, *, idempotency_key: str | None = None) -> Call[IssuedCredential]:
    """An Open Badge 3.0 for an educator, to be carried by the educator. Scope educators:credentials."""
    return writing("POST", "/v1/educator-credentials", new, IssuedCredential, idempotency_key=idempotency_key)


def receive_educator_credential(presented: PresentedCredential, *, idempotency_key: str | None = None) -> Call[HeldMicroCredential]:
    """Verify and file what an educator of another state has brought; twice, it is kept once. Scope educators:credentials."""
    return writing("POST", "/v1/educator-credentials/receptions", presented, HeldMicroCredential, idempotency_key=idempotency_key)


def search_educator_credentials(educator: EducatorId) -> Call[HeldMicroCredentials]:
    """What the organisation keeps of one educator, each verified anew; logged. Scope educators:credentials."""
    return taking(60, asking("/v1/educator-credentials/searches", educator, HeldMicroCredentials))


def create_educator_credential_request(new: NewCredentialRequest, *, idempotency_key: str | None = None) -> Call[ExchangeRequest]:
    """Ask another state's agency for an educator's credentials, on the educator's application. Scope educators:credentials."""
    return writing("POST", "/v1/educator-credential-requests", new, ExchangeRequest, idempotency_key=idempotency_key)


def read_educator_credential_request(exchange_id: UUID) -> Call[ExchangeRequest]:
    """Where it stands. Scope educators:credentials."""
    return reading(path_of("/v1/educator-credential-requests/{id}", id=exchange_id), ExchangeRequest)

"""The operations on credentials, as `safepassage.client.calls`. `safepassage.credentials` verifies what they give."""

from uuid import UUID

from safepassage.client.call import Call, asking, fetching, path_of, writing
from safepassage.wire_credentials import CredentialRevocation, IssuedCredential, NewTranscript, RevokedCredential


def issue_transcript(student_id: UUID, new: NewTranscript) -> Call[IssuedCredential]:
    """A transcript as CLR 2.0, for a rights holder or by written consent; each is a disclosure, logged. Scope rights:act."""
    return asking(path_of("/v1/students/{id}/transcripts", id=student_id), new, IssuedCredential)


def revoke_credential(credential_id: UUID, revocation: CredentialRevocation) -> Call[RevokedCredential]:
    """Revoke a credential for good; again, it answers what was said first. Scope credentials:revoke."""
    return writing("POST", path_of("/v1/credentials/{id}/revocation", id=credential_id), revocation, RevokedCredential)


def read_credential_status_list(number: int) -> Call[bytes]:
    """Which credentials of a list were revoked, as `safepassage verify --status-list` takes it. Open to everybody."""
    return fetching(path_of("/v1/credential-status-lists/{number}", number=number), accept="application/vc")

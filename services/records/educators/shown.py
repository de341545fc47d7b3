"""An educator's credential as the agency that keeps it is told of it."""

import json
from datetime import datetime
from uuid import UUID

from safepassage.credentials.validity import issuer_of
from safepassage.credentials.vc_jwt import read_unverified
from safepassage.credentials.verification import read_credential
from safepassage.problems import SuiteError
from safepassage.wire_educators import HeldMicroCredential
from services.records.educators.kept import KeptContent


def shown(
    content: KeptContent, *, id_: UUID, educator_id: UUID | None, node: str, kept_at: datetime, refusal: SuiteError | None
) -> HeldMicroCredential:
    """With whether it holds: `refusal` is what its verification has just raised."""
    given = read_credential(content.credential.encode())
    said = read_unverified(given) if isinstance(given, str) else given
    names = [one.get("identityHash") for one in said["credentialSubject"].get("identifier", ()) if one.get("identityType") == "name"]
    return HeldMicroCredential(
        id=id_,
        educator_id=educator_id,
        node=node,
        issuer=issuer_of(said),
        name=said["name"],
        holder=next((name for name in names if isinstance(name, str)), None),
        kept_at=kept_at,
        identified=content.identified,
        form="jwt" if isinstance(given, str) else "data-integrity",
        document=None if isinstance(given, str) else json.loads(content.credential),
        jwt=given if isinstance(given, str) else None,
        holds=refusal is None,
        problem_code=None if refusal is None else refusal.code,
    )

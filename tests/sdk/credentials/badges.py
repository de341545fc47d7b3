"""An issuer with a key, a badge, a learner record and a status list, made in memory."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from safepassage.compact import PublicKeys
from safepassage.credentials.achievements import (
    Achievement,
    AchievementCredential,
    AchievementSubject,
    Alignment,
    Criteria,
    IdentityObject,
    Profile,
    Result,
    ResultDescription,
)
from safepassage.credentials.clr import ClrCredential, ClrSubject
from safepassage.credentials.issuers import did_of
from safepassage.credentials.securing import Form, secured, with_data_integrity
from safepassage.credentials.status_list import StatusEntry, status_list_credential
from safepassage.credentials.vc_jwt import written
from safepassage.credentials.verification import StatusListOf, VerifiedCredential, verify_credential
from tests.sdk.exchange import ALDER, Signer

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
KEY, OTHER_KEY = Signer(11), Signer(12)
ISSUER = did_of(ALDER)
LIST_URL = f"{ALDER}/v1/credential-status-lists/1"
ENTRY = StatusEntry(LIST_URL, 4711)
CASE_ITEM = "https://case.example/ims/case/v1p1/CFItems/6b3a4e2e-9c8d-4b52-8e8b-0f2a1f0f9a11"


def badge(entry: StatusEntry | None = ENTRY, *, number: int = 1) -> AchievementCredential:
    """A course with a mark, half a credit, and a competency by its CASE URI."""
    mark = f"urn:uuid:00000000-0000-4000-8000-{number:012}"
    return AchievementCredential(
        id=f"urn:uuid:10000000-0000-4000-8000-{number:012}",
        name="Algebra I",
        issuer=Profile(id=ISSUER, name="Alder Department of Education"),
        valid_from=NOW,
        valid_until=NOW + timedelta(days=365),
        status=entry,
        credential_subject=AchievementSubject(
            id="urn:uuid:20000000-0000-4000-8000-000000000001",
            identifier=(IdentityObject(identity_hash="Wren Castillo", identity_type="name"),),
            achievement=Achievement(
                id=f"urn:uuid:30000000-0000-4000-8000-{number:012}",
                achievement_type="Course",
                name="Algebra I",
                description="Algebra I, 2025-2026",
                criteria=Criteria(narrative="As the school marks it."),
                alignment=(
                    Alignment(target_name="Solve linear equations", target_url=CASE_ITEM, target_code="A.REI.3", target_type="CFItem"),
                ),
                result_description=(ResultDescription(id=mark, name="Final mark", result_type="LetterGrade"),),
            ),
            credits_earned=0.5,
            result=(Result(result_description=mark, value="B+"),),
        ),
    )


def issued(form: Form = "data-integrity", entry: StatusEntry | None = ENTRY, *, key: Signer = KEY) -> Any:
    """The badge, secured."""
    return secured(badge(entry).document(), form=form, key=key.public, sign=key.private.sign, now=NOW)


def record(form: Form = "data-integrity", entry: StatusEntry | None = ENTRY) -> Any:
    """A learner record with two badges."""
    parts = tuple(
        with_data_integrity(badge(entry, number=number).document(), key=KEY.public, sign=KEY.private.sign, now=NOW) for number in (1, 2)
    )
    whole = ClrCredential(
        id="urn:uuid:40000000-0000-4000-8000-000000000001",
        name="Transcript",
        issuer=Profile(id=ISSUER, name="Alder Department of Education"),
        valid_from=NOW,
        status=entry,
        partial=True,
        credential_subject=ClrSubject(id="urn:uuid:20000000-0000-4000-8000-000000000001", verifiable_credential=parts),
    )
    return secured(whole.document(), form=form, key=KEY.public, sign=KEY.private.sign, now=NOW)


def status_list(*revoked: int, url: str = LIST_URL, key: Signer = KEY, issuer: str = ISSUER, now: datetime = NOW) -> bytes:
    """A signed list."""
    content = status_list_credential(url=url, issuer=issuer, revoked=revoked, now=now)
    return written(with_data_integrity(content, key=key.public, sign=key.private.sign, now=now))


def listing(*revoked: int) -> StatusListOf:
    """The list, for whoever asks for it by its URL."""
    return {LIST_URL: status_list(*revoked)}.get


def keys_of(issuer: str) -> PublicKeys:
    """Alder's key, and nobody else's."""
    return KEY.keys if issuer == ISSUER else {}


def as_file(given: Mapping[str, Any] | str) -> bytes:
    return given.encode() if isinstance(given, str) else written(given)


def verified(given: Mapping[str, Any] | str, *, lists: StatusListOf | None = None, now: datetime = NOW, **more: Any) -> VerifiedCredential:
    """As a verifier in Birch does it."""
    return verify_credential(as_file(given), keys_of=more.pop("keys", keys_of), status_list_of=lists or listing(), now=now, **more)

"""A release without personally identifiable information as the rules read it."""

from typing import Any

from safepassage.wire_evidence import DeidentifiedRelease
from services.privacy.policy.calendar_days import Place
from services.privacy.policy.discloser import Discloser
from shared.contracts.privacy import SubjectFacts


def release(of: DeidentifiedRelease, _student: SubjectFacts, discloser: Discloser, _place: Place) -> dict[str, Any]:
    """A determination under 99.31(b); a request about fewer students than it says is about ones whom the recipient knows."""
    return {
        "code_kept_secret": bool(of.code_kept_secret),
        "code_without_personal_information": bool(of.code_without_personal_information),
        "determined": bool(of.determination),
        "other_information_considered": bool(of.other_information),
        "targets_student": len(discloser.request.subjects) < of.at_least,
    }

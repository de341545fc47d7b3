"""Calls about agreements give back the kind that the node answers: contractor, audit or evaluation, study."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import httpx2
import pytest

from safepassage.client.agreement_calls import amend_agreement, import_agreement, read_agreement, terminate_agreement
from safepassage.client.call import Call
from safepassage.problems.calls import AnswerNotUnderstood
from safepassage.wire_agreement_use import AgreementDocument
from safepassage.wire_policy import Agreement, AgreementAmendment, AgreementTermination
from safepassage.wire_programmes import AuditAgreement, StudyAgreement

COMMON: dict[str, Any] = {
    "recipient_id": UUID(int=1), "district_ids": (UUID(int=2),), "document": "A" * 43, "signed_on": date(2026, 8, 1),
    "starts_on": date(2026, 8, 15), "ends_on": date(2027, 7, 1), "elements": ("identity.name",),
}  # fmt: skip
RECORDED = {"id": UUID(int=3), "recorded_at": datetime(2026, 8, 1, tzinfo=UTC)}
AGREEMENTS = (
    Agreement(
        kind="contractor",
        **COMMON, **RECORDED, purposes=("instruction",), institutional_service="s. 1", direct_control="s. 2", redisclosure_limits="s. 3",
        legitimate_interest="s. 4",
    ),
    AuditAgreement(
        **COMMON, **RECORDED, purposes=("audit-evaluation",), authority_id=UUID(int=4),
        **dict.fromkeys(("designation", "information", "purpose", "activity", "destruction", "destruction_period", "protection"), "s. 1"),
    ),
    StudyAgreement(
        **COMMON, **RECORDED, purposes=("study",), aim="improve-instruction",
        **dict.fromkeys(("purpose_and_scope", "use_limit", "no_identification", "destruction"), "s. 1"),
    ),
)  # fmt: skip


def calls(agreement: Any) -> tuple[Call[Any], ...]:
    amendment = AgreementAmendment.model_validate(
        {"from": "2026-09-01", "signed_on": "2026-08-30", "document": "A" * 43, "elements": ["identity.name"], "purposes": ["study"],
         "ends_on": "2027-07-01"}
    )  # fmt: skip
    new = agreement.model_dump(exclude={"id", "recorded_at", "terminated_at", "amendments"})
    return (
        read_agreement(agreement.id),
        terminate_agreement(agreement.id, AgreementTermination(reason="ended")),
        amend_agreement(agreement.id, amendment),
        import_agreement(AgreementDocument.model_validate({"agreement": new})),
    )


@pytest.mark.parametrize("agreement", AGREEMENTS, ids=lambda agreement: str(agreement.kind))
def test_an_agreement_of_each_kind_is_read_as_what_it_is(agreement: Any) -> None:
    body = agreement.model_dump_json().replace('{"', '{"said_by_a_newer_node": 1, "', 1)
    for call in calls(agreement):
        assert call.read(httpx2.Response(200, content=body.encode())) == agreement


def test_an_unknown_kind_is_not_taken_for_another() -> None:
    body = AGREEMENTS[0].model_dump_json().replace('"contractor"', '"franchise"')
    for call in calls(AGREEMENTS[0]):
        with pytest.raises(AnswerNotUnderstood):
            call.read(httpx2.Response(200, content=body.encode()))

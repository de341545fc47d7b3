"""What privacy stores: facts of students, the evidence of bases, decisions and what they oblige to, policy sets, rights and duties.

The store is not trusted with contents: whoever controls it sees ids, organisations, instants and sizes, and can stop the service. What
tells of a person (dates of birth, flags, rights holders, reasons, evidence) is sealed (services.privacy.sealing).
"""

from services.privacy.tables.decisions import DecisionCustodianRow, DecisionFallRow, DecisionRow, ObligationRow
from services.privacy.tables.duties import (
    DestructionAttestationRow,
    DestructionRow,
    DutyExchangeRow,
    DutyRow,
    NamingKeyRow,
    ObligationWaiverRow,
)
from services.privacy.tables.evidence import (
    AgreementDistrictRow,
    AgreementRow,
    ConsentEventRow,
    ConsentRow,
    DebarmentRow,
    SubjectRow,
    SubjectVersionRow,
)
from services.privacy.tables.foundation import Base, ChangeMarkRow, IdempotencyRow, KeyRingRow, LeaseRow, OrganisationRow, OutboxRow
from services.privacy.tables.grounds import AgreementAmendmentRow, EvidenceEventRow, EvidenceRow
from services.privacy.tables.policies import (
    RELEASE,
    PolicyActivationRow,
    PolicyApprovalRow,
    PolicyCallOffRow,
    PolicyReplayRow,
    PolicyReportRow,
    PolicySetRow,
)
from services.privacy.tables.readiness import ReadinessAttestationRow, ReadinessEvidenceRow, ReadinessSnapshotRow, ReadinessWithdrawalRow
from services.privacy.tables.rights import PreferenceEventRow, PreferenceRow, RightsEventRow, RightsRequestRow
from services.privacy.tables.safeguards import SafeguardRow

__all__ = [
    "RELEASE",
    "AgreementAmendmentRow",
    "AgreementDistrictRow",
    "AgreementRow",
    "Base",
    "ChangeMarkRow",
    "ConsentEventRow",
    "ConsentRow",
    "DebarmentRow",
    "DecisionCustodianRow",
    "DecisionFallRow",
    "DecisionRow",
    "DestructionAttestationRow",
    "DestructionRow",
    "DutyExchangeRow",
    "DutyRow",
    "EvidenceEventRow",
    "EvidenceRow",
    "IdempotencyRow",
    "KeyRingRow",
    "LeaseRow",
    "NamingKeyRow",
    "ObligationRow",
    "ObligationWaiverRow",
    "OrganisationRow",
    "OutboxRow",
    "PolicyActivationRow",
    "PolicyApprovalRow",
    "PolicyCallOffRow",
    "PolicyReplayRow",
    "PolicyReportRow",
    "PolicySetRow",
    "PreferenceEventRow",
    "PreferenceRow",
    "ReadinessAttestationRow",
    "ReadinessEvidenceRow",
    "ReadinessSnapshotRow",
    "ReadinessWithdrawalRow",
    "RightsEventRow",
    "RightsRequestRow",
    "SafeguardRow",
    "SubjectRow",
    "SubjectVersionRow",
]

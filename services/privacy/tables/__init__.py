"""What privacy stores: facts of students, the evidence of bases, decisions and what they oblige to, policy sets.

The store is not trusted with contents: whoever controls it sees ids, organisations, instants and sizes, and can stop the service. What
tells of a person (dates of birth, flags, rights holders, reasons, evidence) is sealed (services.privacy.sealing).
"""

from services.privacy.tables.decisions import DecisionCustodianRow, DecisionFallRow, DecisionRow, ObligationRow
from services.privacy.tables.evidence import AgreementDistrictRow, AgreementRow, ConsentEventRow, ConsentRow, DebarmentRow, SubjectRow
from services.privacy.tables.foundation import Base, IdempotencyRow, LeaseRow, OrganisationRow, OutboxRow
from services.privacy.tables.policies import (
    RELEASE,
    PolicyActivationRow,
    PolicyApprovalRow,
    PolicyCallOffRow,
    PolicyReplayRow,
    PolicyReportRow,
    PolicySetRow,
)

__all__ = [
    "RELEASE",
    "AgreementDistrictRow",
    "AgreementRow",
    "Base",
    "ConsentEventRow",
    "ConsentRow",
    "DebarmentRow",
    "DecisionCustodianRow",
    "DecisionFallRow",
    "DecisionRow",
    "IdempotencyRow",
    "LeaseRow",
    "ObligationRow",
    "OrganisationRow",
    "OutboxRow",
    "PolicyActivationRow",
    "PolicyApprovalRow",
    "PolicyCallOffRow",
    "PolicyReplayRow",
    "PolicyReportRow",
    "PolicySetRow",
    "SubjectRow",
]

"""What the records service stores."""

from services.records.tables.bodies import AttachmentRow, BodyChunkRow, BodyRow
from services.records.tables.credentials import CredentialKeyRow, EducatorCredentialRow, IssuedCredentialRow
from services.records.tables.dead_letters import DeadLetterRow, EndingRow
from services.records.tables.ed_fi import EdFiKeepingRow, EdFiPullRow, EdFiStandingRow
from services.records.tables.exchange import (
    ExchangeRequestRow,
    IncomingEnvelopeRow,
    NodeStatementRow,
    OrganisationKeyRow,
    OutgoingEnvelopeRow,
    PeerLogRow,
    PeerRequestRow,
    QuarantineRow,
    TrustListRow,
)
from services.records.tables.kept_answers import KeptAnswerRow
from services.records.tables.match_reviews import MatchCandidateRow, MatchReviewRow
from services.records.tables.reconciliations import ReconciliationRow
from services.records.tables.registry import Base, ChangeMarkRow, IdempotencyRow, KeyRingRow, LeaseRow, OrganisationRow, OutboxRow
from services.records.tables.rosters import GivenPackageRow, KeptRosterRow, KeptStudentRow
from services.records.tables.statistics import CodedStudentRow, StatisticsAnswerRow, StatisticsBudgetRow
from services.records.tables.students import (
    OWN,
    EnrollmentRow,
    LoadRow,
    PseudonymRow,
    SectionRow,
    SourceIdRow,
    StudentRow,
    TagRow,
)
from services.records.tables.transfers import (
    ArrivedNoticeRow,
    ClaimEndRow,
    EndedEnrollmentRow,
    OutgoingNoticeRow,
    TransferHoldRow,
)
from services.records.tables.unions import MergeProposalRow, UnionRow

__all__ = [
    "OWN",
    "ArrivedNoticeRow",
    "AttachmentRow",
    "Base",
    "BodyChunkRow",
    "BodyRow",
    "ChangeMarkRow",
    "ClaimEndRow",
    "CodedStudentRow",
    "CredentialKeyRow",
    "DeadLetterRow",
    "EdFiKeepingRow",
    "EdFiPullRow",
    "EdFiStandingRow",
    "EducatorCredentialRow",
    "EndedEnrollmentRow",
    "EndingRow",
    "EnrollmentRow",
    "ExchangeRequestRow",
    "GivenPackageRow",
    "IdempotencyRow",
    "IncomingEnvelopeRow",
    "IssuedCredentialRow",
    "KeptAnswerRow",
    "KeptRosterRow",
    "KeptStudentRow",
    "KeyRingRow",
    "LeaseRow",
    "LoadRow",
    "MatchCandidateRow",
    "MatchReviewRow",
    "MergeProposalRow",
    "NodeStatementRow",
    "OrganisationKeyRow",
    "OrganisationRow",
    "OutboxRow",
    "OutgoingEnvelopeRow",
    "OutgoingNoticeRow",
    "PeerLogRow",
    "PeerRequestRow",
    "PseudonymRow",
    "QuarantineRow",
    "ReconciliationRow",
    "SectionRow",
    "SourceIdRow",
    "StatisticsAnswerRow",
    "StatisticsBudgetRow",
    "StudentRow",
    "TagRow",
    "TransferHoldRow",
    "TrustListRow",
    "UnionRow",
]

"""The operations of a node by their operation ids: a function each that gives the call. `Client` has a method of each name.

Every write takes an `idempotency_key`; without one it makes its own. To repeat a write after a crash, give the key of the first time.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from safepassage.client.call import Call, Page, asking, asking_for_file, fetching, paged, path_of, reading, searching, uploading, writing
from safepassage.client.unread import WithUnread, naming_unread
from safepassage.record import StudentRecord
from safepassage.record.load_reports import LoadQuality, LoadQualityPage
from safepassage.record.loads import (
    ChangedStudent,
    FoundStudents,
    LoadedStudent,
    LoadReport,
    NewStudent,
    RosterPage,
    Student,
    StudentLookup,
)
from safepassage.wire_access import (
    AccessDecision,
    AccessDecisions,
    AccessEvaluation,
    AccessEvaluations,
    ActionSearch,
    FoundActions,
    FoundResources,
    FoundSubjects,
    ResourceSearch,
    SubjectSearch,
)
from safepassage.wire_clients import Client, ClientGrants, ClientKeys, ClientPage, NewClient
from safepassage.wire_exchange import ExchangeRequest, ExchangeRequestAnswers, NewExchangeRequest, NewExchangeRequests
from safepassage.wire_exports import GivenPart, ManifestRequest, NewExport, PartRequest, PlannedExport, SignedManifest
from safepassage.wire_lists import DebarmentPage
from safepassage.wire_log import (
    DisclosureAccounting,
    DisclosureCopy,
    DisclosureCopyContent,
    DisclosureCopyPage,
    EntrySearch,
    FoundEntries,
    HandedOver,
    LogConsistency,
    LogEntry,
    LogKeys,
    LogOrder,
)
from safepassage.wire_organisations import NewOrganisation, Organisation, OrganisationPage
from safepassage.wire_policy import (
    Agreement,
    Consent,
    ConsentWithdrawal,
    Debarment,
    Discharge,
    NewAgreement,
    NewConsent,
    NewDebarment,
    Obligations,
    OpenObligation,
)

# --- students and records ---


def lookup_students(lookup: StudentLookup) -> Call[FoundStudents]:
    """Find students of the caller's own organisation; logged. Scope records:read."""
    return asking("/v1/students/lookup", lookup, FoundStudents)


def read_student(student_id: UUID, *, elements: tuple[str, ...] | None = None) -> Call[Student]:
    """A student's record, as far as the caller may see it; logged. Scope records:read."""
    return reading(path_of("/v1/students/{id}", id=student_id), Student, query={"elements": _list(elements)})


def load_student(student: NewStudent, *, idempotency_key: str | None = None) -> Call[LoadedStudent]:
    """Load a student with the whole record; the same source id again replaces it. Scope records:load."""
    return writing("POST", "/v1/students", student, LoadedStudent, idempotency_key=idempotency_key)


def change_student(student_id: UUID, student: ChangedStudent, *, idempotency_key: str | None = None) -> Call[LoadedStudent]:
    """Replace a student's record at the version that was read. Scope records:load."""
    return writing("PUT", path_of("/v1/students/{id}", id=student_id), student, LoadedStudent, idempotency_key=idempotency_key)


def load_roster(roster: bytes, media_type: str, *, idempotency_key: str | None = None) -> Call[LoadReport]:
    """Load a roster: OneRoster 1.2 CSV, Ed-Fi XML or Ed-Fi API files (application/zip), API resources in one document
    (application/vnd.ed-fi+json), or NewStudent lines (application/x-ndjson). Scope records:load."""
    return uploading("/v1/rosters", roster, media_type, LoadReport, idempotency_key=idempotency_key)


def list_load_reports(*, since: datetime | None = None, limit: int | None = None) -> Call[Page[LoadQualityPage]]:
    """Loads of the caller's organisation, the oldest first, each with what went wrong in it by cause. Scope records:load."""
    return paged("/v1/load-reports", LoadQualityPage, query={"since": None if since is None else since.isoformat(), "limit": limit})


def read_load_report(load_id: UUID) -> Call[LoadQuality]:
    """What went wrong in one load, by cause. Scope records:load."""
    return reading(path_of("/v1/load-reports/{id}", id=load_id), LoadQuality)


def read_roster_entries(agreement_id: UUID, *, elements: tuple[str, ...] | None = None, limit: int | None = None) -> Call[Page[RosterPage]]:
    """What an agreement schedules of the students in its reach, page by page, under the vendor's own pseudonyms. Scope records:read."""
    return paged("/v1/roster-entries", RosterPage, query={"agreement_id": agreement_id, "elements": _list(elements), "limit": limit})


# --- exchanges with other states ---


def create_exchange_request(request: NewExchangeRequest, *, idempotency_key: str | None = None) -> Call[ExchangeRequest]:
    """Ask another state for a transferring child's record. Scope exchange:request."""
    return writing("POST", "/v1/exchange-requests", request, ExchangeRequest, idempotency_key=idempotency_key)


def create_exchange_requests(requests: NewExchangeRequests, *, idempotency_key: str | None = None) -> Call[ExchangeRequestAnswers]:
    """Ask other states for up to 100 transferring children's records, each answered by itself. Scope exchange:request."""
    return writing("POST", "/v1/exchange-request-batches", requests, ExchangeRequestAnswers, idempotency_key=idempotency_key)


def read_exchange_request(exchange_id: UUID) -> Call[ExchangeRequest]:
    """Where a request stands. Scope exchange:request."""
    return reading(path_of("/v1/exchange-requests/{id}", id=exchange_id), ExchangeRequest)


def read_received_record(exchange_id: UUID) -> Call[StudentRecord]:
    """The record that came with an exchange; logged. Scopes exchange:request and records:read."""
    return reading(path_of("/v1/exchange-requests/{id}/record", id=exchange_id), StudentRecord)


def read_received_record_naming_unread(exchange_id: UUID) -> Call[WithUnread[StudentRecord]]:
    """The same record, with the ids of its elements that the node does not know, or not wholly: it came from one of a later version.

    For the record in another form: `client.run(naming_unread(read_received_record_as_document(id, "pesc")))`.
    """
    return naming_unread(read_received_record(exchange_id))


def read_received_record_as_edfi(exchange_id: UUID, *, data_standard: Literal["5.2", "6.0", "6.1"] | None = None) -> Call[bytes]:
    """The same record as Ed-Fi JSON resources, of Data Standard 5.2 if no other is named."""
    path = path_of("/v1/exchange-requests/{id}/record", id=exchange_id)
    return fetching(path, accept="application/vnd.ed-fi+json", query={"format": "edfi", "data_standard": data_standard})


# --- consents, agreements ---


def record_consent(consent: NewConsent, *, idempotency_key: str | None = None) -> Call[Consent]:
    """Put a signed and dated written consent on record (34 CFR 99.30). Scope rights:act."""
    return writing("POST", "/v1/consents", consent, Consent, idempotency_key=idempotency_key)


def read_consent(consent_id: UUID, *, known_at: datetime | None = None) -> Call[Consent]:
    """A consent as it stands, or as it was known to stand at an instant. Scope rights:act."""
    query = {"known_at": None if known_at is None else known_at.isoformat()}
    return reading(path_of("/v1/consents/{id}", id=consent_id), Consent, query=query)


def withdraw_consent(consent_id: UUID, withdrawal: ConsentWithdrawal, *, idempotency_key: str | None = None) -> Call[Consent]:
    """Take a consent back: nothing more is disclosed under it. Scope rights:act."""
    return writing("POST", path_of("/v1/consents/{id}/withdrawal", id=consent_id), withdrawal, Consent, idempotency_key=idempotency_key)


def record_agreement(agreement: NewAgreement, *, idempotency_key: str | None = None) -> Call[Agreement]:
    """Put an agreement with a party that acts for districts on record. Scope agreements:write."""
    return writing("POST", "/v1/agreements", agreement, Agreement, idempotency_key=idempotency_key)


def evaluate_access(evaluation: AccessEvaluation) -> Call[AccessDecision]:
    """May this recipient have these elements of a record? (AuthZEN.) Scope access:evaluate."""
    return asking("/access/v1/evaluation", evaluation, AccessDecision)


def evaluate_accesses(several: AccessEvaluations) -> Call[AccessDecisions]:
    """Several evaluations of one instant; name at least one. Scope access:evaluate."""
    return asking("/access/v1/evaluations", several, AccessDecisions)


def search_access_subjects(search: SubjectSearch) -> Call[FoundSubjects]:
    """Whether the caller's own organisation may have these elements. Scope access:evaluate."""
    return asking("/access/v1/search/subject", search, FoundSubjects)


def search_access_resources(search: ResourceSearch) -> Call[FoundResources]:
    """Which elements of a student's record a recipient may have. Scope access:evaluate."""
    return asking("/access/v1/search/resource", search, FoundResources)


def search_access_actions(search: ActionSearch) -> Call[FoundActions]:
    """On which bases a recipient may have these elements. Scope access:evaluate."""
    return asking("/access/v1/search/action", search, FoundActions)


def record_debarment(debarment: NewDebarment, *, idempotency_key: str | None = None) -> Call[Debarment]:
    """Put on record that a party may not receive records for five years (34 CFR 99.67). Scope debarments:write."""
    return writing("POST", "/v1/debarments", debarment, Debarment, idempotency_key=idempotency_key)


def read_debarment(debarment_id: UUID) -> Call[Debarment]:
    """A debarment. Scope debarments:write."""
    return reading(path_of("/v1/debarments/{id}", id=debarment_id), Debarment)


def list_debarments(*, limit: int | None = None) -> Call[Page[DebarmentPage]]:
    """The debarments on record; the state agency reads them. Scope debarments:write."""
    return paged("/v1/debarments", DebarmentPage, query={"limit": limit})


def list_obligations(
    *, state: Literal["open", "discharged", "waived", "all"] = "open", limit: int | None = None
) -> Call[Page[Obligations]]:
    """What permissions obliged to, those due first in front. Scope obligations:read or obligations:discharge."""
    return paged("/v1/obligations", Obligations, query={"state": state, "limit": limit})


def discharge_obligation(obligation_id: UUID, discharge: Discharge, *, idempotency_key: str | None = None) -> Call[OpenObligation]:
    """Say, with the reference of what shows it, that an obligation was met. Scope obligations:discharge."""
    path = path_of("/v1/obligations/{id}/discharge", id=obligation_id)
    return writing("POST", path, discharge, OpenObligation, idempotency_key=idempotency_key)


# --- the log: `year` names that of a closed year ---


def log_checkpoint(*, year: int | None = None, witnessed: bool = False) -> Call[bytes]:
    """The latest checkpoint, a signed note; or the largest that a quorum of witnesses has cosigned. Scope audit:operate."""
    query = {"year": year, "witnessed": "true" if witnessed else None}
    return fetching("/v1/log/checkpoint", accept="text/plain", query=query)


def log_proof(index: int, *, year: int | None = None, witnessed: bool = False) -> Call[bytes]:
    """One entry's inclusion proof as a .tlog-proof file (C2SP). Scope audit:operate or audit:search."""
    query = {"year": year, "witnessed": "true" if witnessed else None}
    return fetching(path_of("/v1/log/entries/{index}/proof", index=index), accept="text/plain", query=query)


def log_tile(tile_path: str, *, year: int | None = None) -> Call[bytes]:
    """A tile or bundle by its C2SP name without `tile/`: `0/x001/234`, `entries/000.p/17`. Scope audit:operate."""
    return fetching("/v1/log/tile/" + tile_path, query={"year": year})


def log_consistency(from_size: int, to_size: int, *, year: int | None = None) -> Call[LogConsistency]:
    """The path that shows that the log of `to_size` entries continues the one of `from_size`. Scope audit:operate or audit:search."""
    return reading("/v1/log/consistency", LogConsistency, query={"from": from_size, "to": to_size, "year": year})


def log_keys(*, year: int | None = None) -> Call[LogKeys]:
    """Whose signatures count: the log's verifier keys, its witnesses' and their policy. Scope audit:operate or audit:search."""
    return reading("/v1/log/keys", LogKeys, query={"year": year})


def read_log_entry(index: int, *, open_groups: tuple[str, ...] = (), year: int | None = None) -> Call[LogEntry]:
    """An entry with its proof, and of its sealed groups (subject, actor, context) those asked for. Scope audit:operate or audit:search."""
    return reading(path_of("/v1/log/entries/{index}", index=index), LogEntry, query={"open": open_groups, "year": year})


def search_log(search: EntrySearch, *, sort: LogOrder | None = None, limit: int | None = None) -> Call[Page[FoundEntries]]:
    """Entries by student, time and class, newest first; the search is logged. Scope audit:search."""
    return searching("/v1/log/searches", search, FoundEntries, query={"sort": sort, "limit": limit})


def plan_log_export(new: NewExport) -> Call[PlannedExport]:
    """Plan an export of the log; logged. `safepassage.client.log_export` does the rest. Scope audit:export."""
    return asking("/v1/log/exports", new, PlannedExport)


def read_log_export_part(asked: PartRequest) -> Call[GivenPart]:
    """One part of a planned export. Scope audit:export."""
    return asking_for_file(
        "/v1/log/exports/parts", asked, lambda response: GivenPart(response.content, response.headers.get("export-part", ""))
    )


def sign_log_export_manifest(asked: ManifestRequest) -> Call[SignedManifest]:
    """The signed manifest of an export whose parts were all fetched; logged. Scope audit:export."""
    return asking("/v1/log/exports/manifest", asked, SignedManifest)


def disclosure_accounting(
    student_id: UUID, *, recordable_only: bool | None = None, sort: LogOrder | None = None, limit: int | None = None
) -> Call[Page[DisclosureAccounting]]:
    """The record of 34 CFR 99.32 for one student, newest first; logged. Scope audit:accounting."""
    path = path_of("/v1/students/{id}/disclosure-accounting", id=student_id)
    return paged(path, DisclosureAccounting, query={"recordable_only": recordable_only, "sort": sort, "limit": limit})


def export_disclosure_accounting_table(
    student_id: UUID, *, recordable_only: bool | None = None, sort: LogOrder | None = None
) -> Call[bytes]:
    """The whole record of 34 CFR 99.32 for one student as CSV; logged. Scope audit:accounting."""
    path = path_of("/v1/students/{id}/disclosure-accounting/table", id=student_id)
    return fetching(path, accept="text/csv", query={"recordable_only": recordable_only, "sort": sort})


def export_disclosure_accounting_document(
    student_id: UUID, *, recordable_only: bool | None = None, language: Literal["en", "es"] | None = None
) -> Call[bytes]:
    """The whole record of 34 CFR 99.32 for one student as a PDF for the parent, in English or Spanish; logged. Scope audit:accounting."""
    path = path_of("/v1/students/{id}/disclosure-accounting/document", id=student_id)
    return fetching(path, accept="application/pdf", query={"recordable_only": recordable_only, "language": language})


def list_disclosure_copies(*, ungiven: bool | None = None, limit: int | None = None) -> Call[Page[DisclosureCopyPage]]:
    """Copies of the record of further disclosures for districts, 34 CFR 99.32(b)(2), newest first. Scope audit:accounting."""
    return paged("/v1/disclosure-copies", DisclosureCopyPage, query={"ungiven": ungiven, "limit": limit})


def read_disclosure_copy(copy_id: UUID) -> Call[DisclosureCopyContent]:
    """A whole copy; when its district reads it first, it is given. Scope audit:accounting."""
    return reading(path_of("/v1/disclosure-copies/{id}", id=copy_id), DisclosureCopyContent)


def read_disclosure_copy_table(copy_id: UUID) -> Call[bytes]:
    """The same as CSV. Scope audit:accounting."""
    return fetching(path_of("/v1/disclosure-copies/{id}/table", id=copy_id), accept="text/csv")


def record_disclosure_copy_delivery(copy_id: UUID, delivery: HandedOver) -> Call[DisclosureCopy]:
    """Put on record that the district got its copy by another way. Scope audit:accounting, the state agency."""
    return writing("POST", path_of("/v1/disclosure-copies/{id}/delivery", id=copy_id), delivery, DisclosureCopy)


# --- organisations and clients ---


def add_organisation(organisation: NewOrganisation, *, idempotency_key: str | None = None) -> Call[Organisation]:
    """Add an organisation. Scope admin:organisations."""
    return writing("POST", "/v1/organisations", organisation, Organisation, idempotency_key=idempotency_key)


def list_organisations(*, limit: int | None = None) -> Call[Page[OrganisationPage]]:
    """The caller's organisation and those below. Scope admin:organisations."""
    return paged("/v1/organisations", OrganisationPage, query={"limit": limit})


def read_organisation(organisation_id: UUID) -> Call[Organisation]:
    """An organisation. Scope admin:organisations."""
    return reading(path_of("/v1/organisations/{id}", id=organisation_id), Organisation)


def change_organisation(organisation: Organisation) -> Call[Organisation]:
    """Change an organisation at the version that was read. Scope admin:organisations."""
    return writing("PUT", path_of("/v1/organisations/{id}", id=organisation.id), organisation, Organisation)


def register_client(client: NewClient, *, idempotency_key: str | None = None) -> Call[Client]:
    """Register a client by its public keys. Scope admin:clients."""
    return writing("POST", "/v1/clients", client, Client, idempotency_key=idempotency_key)


def list_clients(*, limit: int | None = None) -> Call[Page[ClientPage]]:
    """The clients of the caller's organisation and those below. Scope admin:clients."""
    return paged("/v1/clients", ClientPage, query={"limit": limit})


def read_client(client_id: UUID) -> Call[Client]:
    """A client. Scope admin:clients."""
    return reading(path_of("/v1/clients/{id}", id=client_id), Client)


def change_client_grants(client_id: UUID, grants: ClientGrants) -> Call[Client]:
    """Change what a client's tokens may have. Scope admin:clients."""
    return writing("PUT", path_of("/v1/clients/{id}/grants", id=client_id), grants, Client)


def replace_client_keys(client_id: UUID, keys: ClientKeys) -> Call[Client]:
    """Replace a client's keys. Scope admin:clients."""
    return writing("PUT", path_of("/v1/clients/{id}/keys", id=client_id), keys, Client)


def disable_client(client_id: UUID) -> Call[Client]:
    """Let a client in no more; its tokens end at once. Scope admin:clients."""
    return writing("POST", path_of("/v1/clients/{id}/disablement", id=client_id), None, Client)


def enable_client(client_id: UUID) -> Call[Client]:
    """Let a client in again. Scope admin:clients."""
    return writing("DELETE", path_of("/v1/clients/{id}/disablement", id=client_id), None, Client)


def _list(values: tuple[str, ...] | None) -> str | None:
    return None if values is None else ",".join(values)

"""The operations as methods of both faces. Each is the call of the same name in `safepassage.client.calls` (policy_calls), made at once."""

from collections.abc import Awaitable, Callable
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

from safepassage.client import calls, policy_calls, readiness_calls, rights_calls
from safepassage.client.call import Call

P = ParamSpec("P")
A = TypeVar("A")


class _Awaits(Protocol):
    def run(self, call: Call[A]) -> Awaitable[A]: ...


class _Waits(Protocol):
    def run(self, call: Call[A]) -> A: ...


class Awaited(Generic[P, A]):
    """A call as a method that is awaited."""

    def __init__(self, build: Callable[P, Call[A]]) -> None:
        self.build, self.__doc__ = build, build.__doc__

    def __get__(self, client: _Awaits, owner: type[Any]) -> Callable[P, Awaitable[A]]:
        def method(*args: P.args, **keywords: P.kwargs) -> Awaitable[A]:
            return client.run(self.build(*args, **keywords))

        return method


class Waited(Generic[P, A]):
    """A call as a method that returns when it is done."""

    def __init__(self, build: Callable[P, Call[A]]) -> None:
        self.build, self.__doc__ = build, build.__doc__

    def __get__(self, client: _Waits, owner: type[Any]) -> Callable[P, A]:
        def method(*args: P.args, **keywords: P.kwargs) -> A:
            return client.run(self.build(*args, **keywords))

        return method


class AsyncOperations:
    """What `Client` can ask of a node."""

    lookup_students = Awaited(calls.lookup_students)
    read_student = Awaited(calls.read_student)
    load_student = Awaited(calls.load_student)
    change_student = Awaited(calls.change_student)
    load_roster = Awaited(calls.load_roster)
    read_roster_entries = Awaited(calls.read_roster_entries)
    list_matches = Awaited(calls.list_matches)
    resolve_match = Awaited(calls.resolve_match)
    create_exchange_request = Awaited(calls.create_exchange_request)
    read_exchange_request = Awaited(calls.read_exchange_request)
    read_received_record = Awaited(calls.read_received_record)
    read_received_record_as_edfi = Awaited(calls.read_received_record_as_edfi)
    record_consent = Awaited(calls.record_consent)
    read_consent = Awaited(calls.read_consent)
    withdraw_consent = Awaited(calls.withdraw_consent)
    record_agreement = Awaited(calls.record_agreement)
    read_agreement = Awaited(calls.read_agreement)
    terminate_agreement = Awaited(calls.terminate_agreement)
    list_decisions = Awaited(calls.list_decisions)
    read_decision = Awaited(calls.read_decision)
    reproduce_decision = Awaited(calls.reproduce_decision)
    evaluate_access = Awaited(calls.evaluate_access)
    evaluate_accesses = Awaited(calls.evaluate_accesses)
    search_access_subjects = Awaited(calls.search_access_subjects)
    search_access_resources = Awaited(calls.search_access_resources)
    search_access_actions = Awaited(calls.search_access_actions)
    record_debarment = Awaited(calls.record_debarment)
    list_debarments = Awaited(calls.list_debarments)
    read_debarment = Awaited(calls.read_debarment)
    list_obligations = Awaited(calls.list_obligations)
    discharge_obligation = Awaited(calls.discharge_obligation)
    draft_policy_set = Awaited(policy_calls.draft_policy_set)
    list_policy_sets = Awaited(policy_calls.list_policy_sets)
    read_policy_set = Awaited(policy_calls.read_policy_set)
    validate_policy_set = Awaited(policy_calls.validate_policy_set)
    run_policy_tests = Awaited(policy_calls.run_policy_tests)
    start_policy_replay = Awaited(policy_calls.start_policy_replay)
    read_policy_replay = Awaited(policy_calls.read_policy_replay)
    approve_policy_set = Awaited(policy_calls.approve_policy_set)
    activate_policy_set = Awaited(policy_calls.activate_policy_set)
    list_policy_activations = Awaited(policy_calls.list_policy_activations)
    call_off_policy_activation = Awaited(policy_calls.call_off_policy_activation)
    explain_decision = Awaited(policy_calls.explain_decision)
    simulate_decision = Awaited(policy_calls.simulate_decision)
    narrow_consent = Awaited(rights_calls.narrow_consent)
    read_consent_history = Awaited(rights_calls.read_consent_history)
    read_consent_receipt = Awaited(rights_calls.read_consent_receipt)
    read_receipt_keys = Awaited(rights_calls.read_receipt_keys)
    record_preference = Awaited(rights_calls.record_preference)
    read_preference = Awaited(rights_calls.read_preference)
    rescind_preference = Awaited(rights_calls.rescind_preference)
    request_inspection = Awaited(rights_calls.request_inspection)
    list_inspections = Awaited(rights_calls.list_inspections)
    read_inspection = Awaited(rights_calls.read_inspection)
    take_inspection_step = Awaited(rights_calls.take_inspection_step)
    request_amendment = Awaited(rights_calls.request_amendment)
    read_amendment = Awaited(rights_calls.read_amendment)
    decide_amendment = Awaited(rights_calls.decide_amendment)
    request_hearing = Awaited(rights_calls.request_hearing)
    read_hearing = Awaited(rights_calls.read_hearing)
    schedule_hearing = Awaited(rights_calls.schedule_hearing)
    record_hearing = Awaited(rights_calls.record_hearing)
    decide_hearing = Awaited(rights_calls.decide_hearing)
    place_statement = Awaited(rights_calls.place_statement)
    read_statement = Awaited(rights_calls.read_statement)
    list_duties = Awaited(rights_calls.list_duties)
    open_duty = Awaited(rights_calls.open_duty)
    complete_duty = Awaited(rights_calls.complete_duty)
    waive_obligation = Awaited(rights_calls.waive_obligation)
    clear_destruction = Awaited(rights_calls.clear_destruction)
    attest_destruction = Awaited(rights_calls.attest_destruction)
    read_destruction_attestation = Awaited(rights_calls.read_destruction_attestation)
    read_scorecard = Awaited(readiness_calls.read_scorecard)
    list_readiness_questions = Awaited(readiness_calls.list_readiness_questions)
    export_scorecard_table = Awaited(readiness_calls.export_scorecard_table)
    export_scorecard_page = Awaited(readiness_calls.export_scorecard_page)
    read_attestations = Awaited(readiness_calls.read_attestations)
    attest_question = Awaited(readiness_calls.attest_question)
    withdraw_attestation = Awaited(readiness_calls.withdraw_attestation)
    take_snapshot = Awaited(readiness_calls.take_snapshot)
    list_snapshots = Awaited(readiness_calls.list_snapshots)
    read_snapshot = Awaited(readiness_calls.read_snapshot)
    log_checkpoint = Awaited(calls.log_checkpoint)
    log_proof = Awaited(calls.log_proof)
    log_tile = Awaited(calls.log_tile)
    log_consistency = Awaited(calls.log_consistency)
    read_log_entry = Awaited(calls.read_log_entry)
    search_log = Awaited(calls.search_log)
    disclosure_accounting = Awaited(calls.disclosure_accounting)
    add_organisation = Awaited(calls.add_organisation)
    list_organisations = Awaited(calls.list_organisations)
    read_organisation = Awaited(calls.read_organisation)
    change_organisation = Awaited(calls.change_organisation)
    register_client = Awaited(calls.register_client)
    list_clients = Awaited(calls.list_clients)
    read_client = Awaited(calls.read_client)
    change_client_grants = Awaited(calls.change_client_grants)
    replace_client_keys = Awaited(calls.replace_client_keys)
    disable_client = Awaited(calls.disable_client)
    enable_client = Awaited(calls.enable_client)


class BlockingOperations:
    """What `BlockingClient` can ask of a node."""

    lookup_students = Waited(calls.lookup_students)
    read_student = Waited(calls.read_student)
    load_student = Waited(calls.load_student)
    change_student = Waited(calls.change_student)
    load_roster = Waited(calls.load_roster)
    read_roster_entries = Waited(calls.read_roster_entries)
    list_matches = Waited(calls.list_matches)
    resolve_match = Waited(calls.resolve_match)
    create_exchange_request = Waited(calls.create_exchange_request)
    read_exchange_request = Waited(calls.read_exchange_request)
    read_received_record = Waited(calls.read_received_record)
    read_received_record_as_edfi = Waited(calls.read_received_record_as_edfi)
    record_consent = Waited(calls.record_consent)
    read_consent = Waited(calls.read_consent)
    withdraw_consent = Waited(calls.withdraw_consent)
    record_agreement = Waited(calls.record_agreement)
    read_agreement = Waited(calls.read_agreement)
    terminate_agreement = Waited(calls.terminate_agreement)
    list_decisions = Waited(calls.list_decisions)
    read_decision = Waited(calls.read_decision)
    reproduce_decision = Waited(calls.reproduce_decision)
    evaluate_access = Waited(calls.evaluate_access)
    evaluate_accesses = Waited(calls.evaluate_accesses)
    search_access_subjects = Waited(calls.search_access_subjects)
    search_access_resources = Waited(calls.search_access_resources)
    search_access_actions = Waited(calls.search_access_actions)
    record_debarment = Waited(calls.record_debarment)
    list_debarments = Waited(calls.list_debarments)
    read_debarment = Waited(calls.read_debarment)
    list_obligations = Waited(calls.list_obligations)
    discharge_obligation = Waited(calls.discharge_obligation)
    draft_policy_set = Waited(policy_calls.draft_policy_set)
    list_policy_sets = Waited(policy_calls.list_policy_sets)
    read_policy_set = Waited(policy_calls.read_policy_set)
    validate_policy_set = Waited(policy_calls.validate_policy_set)
    run_policy_tests = Waited(policy_calls.run_policy_tests)
    start_policy_replay = Waited(policy_calls.start_policy_replay)
    read_policy_replay = Waited(policy_calls.read_policy_replay)
    approve_policy_set = Waited(policy_calls.approve_policy_set)
    activate_policy_set = Waited(policy_calls.activate_policy_set)
    list_policy_activations = Waited(policy_calls.list_policy_activations)
    call_off_policy_activation = Waited(policy_calls.call_off_policy_activation)
    explain_decision = Waited(policy_calls.explain_decision)
    simulate_decision = Waited(policy_calls.simulate_decision)
    narrow_consent = Waited(rights_calls.narrow_consent)
    read_consent_history = Waited(rights_calls.read_consent_history)
    read_consent_receipt = Waited(rights_calls.read_consent_receipt)
    read_receipt_keys = Waited(rights_calls.read_receipt_keys)
    record_preference = Waited(rights_calls.record_preference)
    read_preference = Waited(rights_calls.read_preference)
    rescind_preference = Waited(rights_calls.rescind_preference)
    request_inspection = Waited(rights_calls.request_inspection)
    list_inspections = Waited(rights_calls.list_inspections)
    read_inspection = Waited(rights_calls.read_inspection)
    take_inspection_step = Waited(rights_calls.take_inspection_step)
    request_amendment = Waited(rights_calls.request_amendment)
    read_amendment = Waited(rights_calls.read_amendment)
    decide_amendment = Waited(rights_calls.decide_amendment)
    request_hearing = Waited(rights_calls.request_hearing)
    read_hearing = Waited(rights_calls.read_hearing)
    schedule_hearing = Waited(rights_calls.schedule_hearing)
    record_hearing = Waited(rights_calls.record_hearing)
    decide_hearing = Waited(rights_calls.decide_hearing)
    place_statement = Waited(rights_calls.place_statement)
    read_statement = Waited(rights_calls.read_statement)
    list_duties = Waited(rights_calls.list_duties)
    open_duty = Waited(rights_calls.open_duty)
    complete_duty = Waited(rights_calls.complete_duty)
    waive_obligation = Waited(rights_calls.waive_obligation)
    clear_destruction = Waited(rights_calls.clear_destruction)
    attest_destruction = Waited(rights_calls.attest_destruction)
    read_destruction_attestation = Waited(rights_calls.read_destruction_attestation)
    read_scorecard = Waited(readiness_calls.read_scorecard)
    list_readiness_questions = Waited(readiness_calls.list_readiness_questions)
    export_scorecard_table = Waited(readiness_calls.export_scorecard_table)
    export_scorecard_page = Waited(readiness_calls.export_scorecard_page)
    read_attestations = Waited(readiness_calls.read_attestations)
    attest_question = Waited(readiness_calls.attest_question)
    withdraw_attestation = Waited(readiness_calls.withdraw_attestation)
    take_snapshot = Waited(readiness_calls.take_snapshot)
    list_snapshots = Waited(readiness_calls.list_snapshots)
    read_snapshot = Waited(readiness_calls.read_snapshot)
    log_checkpoint = Waited(calls.log_checkpoint)
    log_proof = Waited(calls.log_proof)
    log_tile = Waited(calls.log_tile)
    log_consistency = Waited(calls.log_consistency)
    read_log_entry = Waited(calls.read_log_entry)
    search_log = Waited(calls.search_log)
    disclosure_accounting = Waited(calls.disclosure_accounting)
    add_organisation = Waited(calls.add_organisation)
    list_organisations = Waited(calls.list_organisations)
    read_organisation = Waited(calls.read_organisation)
    change_organisation = Waited(calls.change_organisation)
    register_client = Waited(calls.register_client)
    list_clients = Waited(calls.list_clients)
    read_client = Waited(calls.read_client)
    change_client_grants = Waited(calls.change_client_grants)
    replace_client_keys = Waited(calls.replace_client_keys)
    disable_client = Waited(calls.disable_client)
    enable_client = Waited(calls.enable_client)

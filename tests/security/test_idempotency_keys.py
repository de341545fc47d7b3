"""Of each operation that is sent (POST) it is known whether a key makes twice the same as once, and why where it takes none."""

from typing import Final

from tests.isolation.coverage import document, operations, route_of

READS: Final = {
    "audit.list_blast_radius",
    "audit.measure_blast_radius",
    "audit.plan_log_export",
    "audit.read_log_export_part",
    "audit.run_saved_search",
    "audit.search_log",
    "audit.sign_log_export_manifest",
    "audit.tally_log",
    "privacy.evaluate_access",
    "privacy.evaluate_accesses",
    "privacy.reproduce_decision",
    "privacy.search_access_actions",
    "privacy.search_access_resources",
    "privacy.search_access_subjects",
    "privacy.simulate_decision",
    "records.count_residents",
    "records.lookup_students",
    "records.print_hand_carry_copy",
    "records.search_educator_credentials",
}
"""They ask; what they leave is an entry of the log for each time that they were asked, but for a decision that is computed anew."""

SAME_AGAIN: Final = {
    "audit.pause_log_destination",
    "audit.ping_log_destination",
    "audit.record_disclosure_copy_delivery",
    "audit.resume_log_destination",
    "gateway.approve_registration",
    "gateway.disable_client",
    "gateway.disable_publisher",
    "gateway.lift_suspension",
    "gateway.refuse_registration",
    "gateway.withdraw_family_link",
    "gateway.withdraw_initial_token",
    "records.push_received_record",
    "records.push_to_ed_fi",
    "records.revoke_credential",
}
"""They put something into a state: a second time it is in it already, or the second request is refused."""

ANEW_EACH_TIME: Final = {
    "audit.replay_log_entries": "each replay is asked for by itself; receivers know entries by their ids",
    "audit.rotate_log_destination_secret": "the new secret is told once: whoever lost the answer has to rotate again",
    "gateway.issue_initial_token": "the token is told once: whoever lost the answer takes it back and asks for another",
    "gateway.make_client_secret": "the secret is told once: whoever lost the answer makes another",
    "gateway.make_family_link": "the link is told once: whoever lost the answer takes it back and makes another",
    "records.ask_statistics": "the same question again is answered from what was kept",
}
"""They make something each time, and take no key: a client does not send them again by itself."""


def posted() -> set[str]:
    """Operations of clients that are sent."""
    return {name for name, (method, _) in operations().items() if method == "POST" and route_of(name).accepts == "clients"}


def with_key() -> set[str]:
    """Those that must come with a key."""

    def needs(name: str) -> bool:
        method, path = operations()[name]
        parameters = document()["paths"][path][method.lower()].get("parameters", ())
        return any(one["name"].lower() == "idempotency-key" and one.get("required") for one in parameters)

    return {name for name in posted() if needs(name)}


def test_every_operation_that_is_sent_needs_a_key_or_is_on_a_list_that_says_why_not() -> None:
    without = READS | SAME_AGAIN | ANEW_EACH_TIME.keys()
    assert sorted(posted() - with_key() - without) == [], "it makes something: let it take a key, or say why it needs none"
    assert sorted(without - posted()) == [], "no such operation"
    assert sorted(without & with_key()) == [], "it takes a key"
    assert len(READS) + len(SAME_AGAIN) + len(ANEW_EACH_TIME) == len(without)


def test_most_of_what_is_sent_takes_a_key() -> None:
    assert len(with_key()) > 60

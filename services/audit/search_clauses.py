"""A search as clauses of the index. Pure."""

from collections.abc import Callable, Collection, Iterable, Sequence

from safepassage.wire_log import EntrySearch
from services.audit.index.lookup import Clause
from services.audit.index.terms import Kind, actor_value, elements_in
from services.audit.openings import Sight

NodesOf = Callable[[str], Collection[str]]
"""The values by which the index knows the recipients' nodes of a state."""


def clauses_of(search: EntrySearch, *, nodes_of: NodesOf) -> list[Clause]:
    """What an entry has to be, beside its student and time; a member that names nothing asks for nothing."""
    members: list[tuple[Kind, Iterable[object]]] = [
        (Kind.CLASS, search.classes),
        (Kind.KEY, search.key_thumbprints),
        (Kind.ADDRESS, search.addresses),
        (Kind.PERSON, search.acting_for),
        (Kind.SIGNED_IN, search.signed_in),
        (Kind.ORGANISATION, search.organisation_ids),
        (Kind.CUSTODIAN, search.custodian_ids),
        (Kind.OPERATION, search.operations),
        (Kind.PURPOSE, search.purposes),
        (Kind.BASIS, search.bases),
        (Kind.OUTCOME, search.outcomes),
        (Kind.REASON, search.reasons),
        (Kind.POLICY, search.policy_hashes),
        (Kind.ELEMENT, search.elements),
        (Kind.EXCHANGE, search.exchange_ids),
        (Kind.DECISION, search.decision_ids),
    ]
    clauses = [frozenset((kind, str(value)) for value in values) for kind, values in members]
    clients = {(Kind.ACTOR, actor_value(client_id=client)) for client in search.client_ids}
    clauses.append(frozenset(clients | {(Kind.ACTOR, actor_value(job=job)) for job in search.jobs}))
    clauses.append(frozenset(one for party in search.recipient_organisations for one in _of_recipient(party)))
    clauses.append(frozenset(one for category in search.categories for one in _of_category(category)))
    named = [clause for clause in clauses if clause]
    if search.recipient_states:  # a state without a node is a clause that nothing meets
        named.append(frozenset((Kind.NODE, node) for state in search.recipient_states for node in nodes_of(state)))
    return named


def _of_recipient(party: str) -> list[tuple[Kind, str]]:
    """An organisation here or behind a peer, by its id; of a whole node, by its entity id, everybody who was reached through it.

    # INVARIANT: who asks what a node was given is not told that it was nothing.
    """
    named = [(Kind.RECIPIENT, party)]
    return [*named, (Kind.NODE, party)] if "://" in party and "#" not in party else named


def _of_category(category: str) -> list[tuple[Kind, str]]:
    """An entry is of a category if one of its elements is, by this version: one that did not know the element may have logged it."""
    return [(Kind.CATEGORY, category), *((Kind.ELEMENT, element) for element in elements_in(category))]


def narrowed(clauses: Sequence[Clause], sight: Sight) -> list[Clause]:
    """The clauses, narrowed to what `sight` covers, before anything is opened.

    # INVARIANT: a custodian beyond it is not looked up, so that what is theirs makes no more work than if there were no such one.
    """
    if sight.whole_state:
        return list(clauses)
    own = frozenset((Kind.CUSTODIAN, str(organisation)) for organisation in sight.organisations)
    return [*(frozenset(one for one in clause if one[0] is not Kind.CUSTODIAN or one in own) for clause in clauses), own]

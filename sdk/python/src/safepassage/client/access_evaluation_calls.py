"""The questions of AuthZEN, as `safepassage.client.calls`: what may a recipient have of a record? Each needs the scope access:evaluate."""

from safepassage.client.call import Call, asking
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

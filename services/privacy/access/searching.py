"""AuthZEN's searches: questions whose answers are the arguments for which an evaluation would be true.

What a search names leaves a decision on record for each, under which nothing may be released: who then acts asks for an evaluation. One
that names nothing leaves the decision of its first question.
"""

from collections.abc import Mapping, Sequence

from safepassage.elements import ELEMENTS
from safepassage.problems.privacy import SubjectSearchNotAnswered
from safepassage.wire_access import (
    ACTIONS,
    RECORD,
    SUBJECT_TYPES,
    AccessContext,
    ActionProperties,
    ActionSearch,
    DisclosureAction,
    FoundActions,
    FoundResources,
    FoundSubjects,
    NamedRecord,
    Recipient,
    RecordProperties,
    RecordResource,
    ResourceSearch,
    SubjectSearch,
)
from services.privacy.access.asked import Asked, request_of, student_of
from services.privacy.access.evaluating import Bench, Judged, turn_for_others
from services.privacy.policy.taxonomy import BASES
from shared.caller import Caller


async def search_subjects(search: SubjectSearch, bench: Bench, caller: Caller) -> FoundSubjects:
    """Of the caller's own organisation alone does its token prove the identity (34 CFR 99.31(c)). Raises SubjectSearchNotAnswered."""
    if search.subject.type not in SUBJECT_TYPES or search.resource.type != RECORD or search.action.name not in ACTIONS:
        return FoundSubjects(results=())
    if search.subject.type != caller.kind:
        raise SubjectSearchNotAnswered
    recipient = {"kind": caller.kind, "id": str(caller.organisation_id)}
    asked = _asked(recipient, search.resource, search.action.name, search.action.properties, search.context)
    found = await _true_of(bench, [asked])
    return FoundSubjects(results=tuple(Recipient(type=one.evaluation.request.recipient.kind, id=recipient["id"]) for one in found))


async def search_resources(search: ResourceSearch, bench: Bench) -> FoundResources:
    """The elements of a student's record that the recipient may have, of all that there are."""
    if search.subject.type not in SUBJECT_TYPES or search.resource.type != RECORD or search.action.name not in ACTIONS:
        return FoundResources(results=())
    every = RecordProperties(elements=tuple(element.id for element in ELEMENTS), partial=True)
    record = NamedRecord(type=RECORD, id=search.resource.properties.student_id, properties=every)
    recipient = {"kind": search.subject.type, "id": search.subject.id}
    asked = _asked(recipient, record, search.action.name, search.action.properties, search.context)
    results = [
        RecordResource(type="student_record", id=record.id, properties=RecordProperties(elements=one.decision.subjects[0].permitted))
        for one in await _true_of(bench, [asked])
    ]
    return FoundResources(results=tuple(results))


async def search_actions(search: ActionSearch, bench: Bench) -> FoundActions:
    """By which action, and on which of the bases that there are, the recipient may have what is named, for the purpose that is named."""
    if search.subject.type not in SUBJECT_TYPES or search.resource.type != RECORD:
        return FoundActions(results=())
    recipient = {"kind": search.subject.type, "id": search.subject.id}
    asked = [
        _asked(recipient, search.resource, action, ActionProperties(basis=basis, purpose=search.context.purpose), search.context)
        for action in ACTIONS
        for basis in BASES
    ]
    results = [_action(one) for one in await _true_of(bench, asked)]
    return FoundActions(results=tuple(results))


async def _true_of(bench: Bench, asked: Sequence[Asked]) -> list[Judged]:
    hearing = await bench.hear(asked)
    judged: list[Judged] = []
    for at in range(len(asked)):
        judged.append(hearing.judged(at, granted=False))
        await turn_for_others(at + 1)
    true = [one for one in judged if one.verdict.granted]
    await bench.keep(true or judged[:1], searched=True)
    return true


def _asked(recipient: Mapping[str, str], record: NamedRecord, action: str, properties: ActionProperties, context: AccessContext) -> Asked:
    request = request_of(
        recipient,
        action=action,
        basis=properties.basis,
        purpose=properties.purpose,
        elements=record.properties.elements,
        context=context,
    )
    return Asked(student_of(record.id), request, record.properties.partial, frozenset(context.supported_obligations))


def _action(one: Judged) -> DisclosureAction:
    request = one.evaluation.request
    properties = {"basis": request.basis, "purpose": request.purpose}
    return DisclosureAction.model_validate({"name": request.action, "properties": properties})

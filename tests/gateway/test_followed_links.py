"""The links of the node's document, followed through the door: what is made is read, changed and ended, and no answer is a fault.

schemathesis' state machine makes the requests and follows the links. Of what is made up most is refused, and nothing follows from it; so
most requests have the body and the sender that the matrix (tests/isolation) has for them. A few come from somebody whose the thing is not.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import Flaky
from schemathesis import Case, Response
from schemathesis.checks import CHECKS
from schemathesis.core import NOT_SET
from schemathesis.core.failures import FailureGroup
from schemathesis.generation.stateful.state_machine import StepInput

from tests.gateway.by_hand import Answer
from tests.gateway.requests_of_owners import of_owners
from tests.gateway.test_against_the_nodes_document import SCHEMA, Standing, request_of, standing
from tests.isolation.coverage import document, operations, route_of
from tests.isolation.test_isolation import PARTS
from tests.isolation.two_districts import Request, Stranger, TwoDistricts
from tests.links import parameters_of

__all__ = ("standing",)

pytestmark = pytest.mark.fuzz

Known = Mapping[str, list[tuple[str, Request]]]
"""By operation: the matrix's requests, with whose they are."""

LINKS: Final = {
    (operation["operationId"], one["operationId"])
    for members in document()["paths"].values()
    for operation in members.values()
    for answer in operation["responses"].values()
    for one in answer.get("links", {}).values()
    if {route_of(operation["operationId"]).accepts, route_of(one["operationId"]).accepts} == {"clients"}
}
"""From what to what, of those of clients."""
ELSEWHERE: Final = {
    "audit.ask_log_destruction": "a log of years ago",
    "audit.record_disclosure_copy_delivery": "a copy that is due, of the custodian's",
    "privacy.attest_destruction": "the vendor's signature",
    "privacy.place_statement": "a hearing that was decided, each time another",
    "records.create_educator_credential_request": "another node",
    "records.create_exchange_request": "another node",
    "records.create_finding": "another node",
    "records.give_up_dead_letter": "another node",
    "records.load_attachment": "a scanner",
    "records.requeue_dead_letter": "another node",
    "records.say_what_is_kept": "a district's Ed-Fi system",
}
"""What has to be there for it: tests of its own have that."""
BEGINNINGS: Final = sorted({source for source, _ in LINKS} - {target for source, target in LINKS if source != target} - ELSEWHERE.keys())
"""What leads somewhere, and is led to from nowhere."""
SETTINGS: Final = settings(
    stateful_step_count=10,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=[Phase.generate],
)
CHECKED: Final = ("content_type_conformance", "response_schema_conformance", "response_headers_conformance")
CONFORMING: Final[list[Any]] = CHECKS.get_by_names(list(CHECKED))
AS_EVER: Final = frozenset({"404", "405", "409", "422"})
"""What any operation may answer, documented there or not."""


@dataclass
class Following:
    """The node, what the matrix asks of it, and what came of what was followed."""

    standing: Standing
    known: Known
    random: Random = field(default_factory=lambda: Random(20261127))
    followed: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    """From what to what, and the answer."""
    begun: Counter[tuple[str, int]] = field(default_factory=Counter)
    longest: int = 0
    """Steps of a chain, each answered well."""
    faults: list[str] = field(default_factory=list)

    def ask(self, case: Case[Any], *, linked: bool) -> Answer:
        """The case's request, mostly with what the matrix sends there; where it was linked, at the place to which the link leads."""
        operation, request = _name(case), request_of(case.method, case, "as it should be")
        chance, known = self.random.random(), self.known.get(operation)
        if known and (chance < 0.8 or case.body is NOT_SET):
            there = [one for one in known if one[1].path == request.path]
            owner, good = self.random.choice(there or known)
            if linked:
                good = replace(good, path=request.path)
            else:  # what it leads to is told by what was sent
                case.path_parameters = parameters_of(case.path, good.path)
            return self._by(self._owner(owner), operation, good)
        if linked and chance > 0.95:
            return self._by(self.random.choice(list(self.standing.two.strangers.values())), operation, request)
        return self.standing.ask(operation, request)

    def _owner(self, name: str) -> Stranger:
        return self.standing.two.owners.get(name) or self.standing.two.owners["district"]

    def _by(self, who: Stranger, operation: str, request: Request) -> Answer:
        return self.standing.portal.call(self.standing.two.ask, who, route_of(operation).scopes, request)


async def known_to(two: TwoDistricts) -> Known:
    """Sent once, too: each is asked of what is there then."""
    found = defaultdict(list)
    for service, part in PARTS.items():
        async for name, owner, request in part(two):
            found[f"{'records' if service == 'oneroster' else service}.{name}"].append((owner, request))
    async for name, owner, request in of_owners(two):
        found[name].append((owner, request))
    return found


@pytest.fixture(scope="module")
def following(standing: Standing) -> Following:
    return Following(standing, standing.portal.call(known_to, standing.two))


def without_known_bodies(known: Known) -> Any:
    """The schema without the bodies that are known anyway: to make one up takes longer than to answer it."""
    bare = deepcopy(document())
    for members in bare["paths"].values():
        for operation in members.values():
            if operation["operationId"] in known:
                operation.pop("requestBody", None)
    return prepared(schemathesis.openapi.from_dict(bare))


def prepared(schema: Any) -> Any:
    """Of which the links are followed that are described, and none that are guessed."""
    schema.config.phases.stateful.inference.algorithms = []
    return schema


def machine(following: Following, schema: Any, beginning: str) -> type[Any]:
    """What begins there, and goes on to all that its links lead to."""
    reached, new = {beginning}, {beginning}
    while new:
        new = {target for source, target in LINKS if source in new} - reached
        reached |= new
    described = schema.include(operation_id=sorted(reached)).as_state_machine()

    class Followed(described):  # type: ignore[misc, valid-type]
        def setup(self) -> None:
            self.depth: dict[str, int] = {}
            method, path = operations()[beginning]
            if following.known.get(beginning):  # schemathesis begins only where it expects to be answered well with what it makes up
                for _ in range(2):
                    case = schema[path][method].Case(path_parameters=dict.fromkeys(parameters_of(path, path), "-"))
                    self._add_results_to_targets((), [self._begin(StepInput.initial(case))])

        def _begin(self, input: Any) -> Any:  # noqa: A002
            self.recorder.record_case(case=input.case)
            self.control.record_step(input, self.recorder)
            return self._step(input)

        def step(self, input: Any) -> Any:  # noqa: A002 schemathesis names it so
            self.linked = input.is_applied
            output = super().step(input)
            status, name = output.response.status_code, _name(input.case)
            before = 0
            if input.is_applied:
                parent = self.recorder.cases[input.transition.parent_id].value
                before = self.depth[parent.id]
                following.followed[_name(parent), name, status] += 1
            else:
                following.begun[name, status] += 1
            self.depth[input.case.id] = before + 1 if status < 300 else 0
            following.longest = max(following.longest, self.depth[input.case.id])
            return output

        def call(self, case: Case[Any], **_: Any) -> Response:
            answer = following.ask(case, linked=self.linked)
            asked = requests.Request(case.method, "http://127.0.0.1" + case.formatted_path).prepare()
            headers = {name: [value] for name, value in answer.fields}
            return Response(answer.status, headers=headers, content=answer.body, request=asked, elapsed=0.0, verify=False)

        def validate_response(self, response: Response, case: Case[Any], *_: Any, **__: Any) -> None:
            documented = case.operation.definition.raw["responses"]
            if response.status_code == 500 or str(response.status_code) not in {*documented, *AS_EVER}:
                following.faults.append(f"{case.method} {case.formatted_path} {response.status_code} {response.content[:600]!r}")
            elif str(response.status_code) in documented:
                try:
                    case.validate_response(response, checks=CONFORMING)
                except FailureGroup as failures:
                    following.faults.append(f"{case.method} {case.formatted_path} {response.status_code} {failures.exceptions}")

    return Followed


@pytest.mark.requirement("DOOR-described")
def test_what_is_made_is_read_changed_and_ended_by_its_links_and_no_answer_is_a_fault(following: Following) -> None:
    bare, whole = without_known_bodies(following.known), prepared(SCHEMA)
    for beginning in BEGINNINGS:
        for schema, examples in ((bare, 3), (whole, 2)):
            with suppress(Flaky):  # the node remembers: what is done again may go on differently, and hypothesis begins no more there
                seed(examples)(machine(following, schema, beginning)).run(settings=settings(SETTINGS, max_examples=examples))
    assert following.faults == [], "\n".join(following.faults)
    followed = {one[:2] for one in following.followed} & LINKS
    well = {one[:2] for one in following.followed if one[2] < 300} & LINKS
    begun = {name for name, status in following.begun if status < 300}
    assert sorted(set(BEGINNINGS) - begun) == [], "nothing is made there: say in ELSEWHERE why not"
    assert (len(followed) > 80, len(well) > 70, following.longest >= 3) == (True, True, True), (len(followed), len(well), following.longest)


def _name(case: Case[Any]) -> str:
    return str(case.operation.definition.raw["operationId"])

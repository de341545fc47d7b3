"""Every link of clients' operations, followed once and in turn: test_followed_links follows them by chance, and chance leaves some out.

What the matrix (tests/isolation) knows how to ask begins; what is answered well leads on. To what it leads is sent what the matrix sends
there, or else what was answered, as far as the operation takes it: so what was read is put back.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import cycle, zip_longest
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from requests import Request as Prepared
from schemathesis import Response
from schemathesis.core.failures import FailureGroup

from tests.gateway.by_hand import Answer
from tests.gateway.test_against_the_nodes_document import SCHEMA, Standing, standing
from tests.gateway.test_followed_links import AS_EVER, CONFORMING, LINKS, Known, known_to
from tests.isolation.coverage import document, operations, route_of
from tests.isolation.two_districts import Request, Stranger
from tests.links import links, parameters_of, said

__all__ = ("standing",)

pytestmark = pytest.mark.fuzz


class Elsewhere(NamedTuple):
    """What is not here and would have to be, and the test that has it."""

    needs: str
    test: str


CHANCE: Final = "gateway/test_followed_links"
ANOTHER_NODE: Final = "another node, and what passes between two"
LEADING: Final = {
    **dict.fromkeys(
        (f"audit.{act}_log_destruction" for act in ("approve", "ask", "call_off")),
        Elsewhere("a log of years ago, whose time has come", "audit/retention/test_destruction"),
    ),
    "audit.record_disclosure_copy_delivery": Elsewhere("a day on which a copy was due and made", "audit/test_disclosure_copies"),
    **dict.fromkeys(
        ("privacy.activate_policy_set", "privacy.approve_policy_set"),
        Elsewhere("a replay of a day's decisions that has ended, and two who approve", "privacy/test_policy_sets"),
    ),
    "privacy.attest_destruction": Elsewhere("the vendor's signature over what its agreement says", "privacy/test_destructions"),
    **dict.fromkeys(
        ("privacy.decide_hearing", "privacy.place_statement", "privacy.record_hearing"),
        Elsewhere("a day that has come since the hearing was set for it", "privacy/test_amendments_and_hearings"),
    ),
    "records.create_educator_credential_request": Elsewhere(ANOTHER_NODE, "records/exchange/test_educator_requests"),
    "records.create_exchange_request": Elsewhere(ANOTHER_NODE, "records/exchange/test_requests"),
    "records.create_finding": Elsewhere(ANOTHER_NODE, "records/exchange/test_findings"),
    **dict.fromkeys(
        ("records.give_up_dead_letter", "records.requeue_dead_letter"), Elsewhere(ANOTHER_NODE, "records/exchange/test_dead_letters")
    ),
    "records.load_attachment": Elsewhere("a scanner for malware", "records/attachments/test_routes"),
    "records.push_received_record": Elsewhere(ANOTHER_NODE, "records/exchange/test_received_push"),
    "records.say_what_is_kept": Elsewhere("a district's Ed-Fi system that answers", "records/ed_fi/test_left_with_source"),
    "records.send_transfer_notice": Elsewhere(ANOTHER_NODE, "records/exchange/test_transfer_notices"),
    **dict.fromkeys(
        (
            *("audit.begin_blast_radius_count", "audit.save_search", "privacy.list_access", "privacy.record_debarment"),
            *("privacy.record_location", "privacy.take_snapshot", "records.ask_statistics"),
        ),
        Elsewhere("a body, which is made up by whom chance has follow the links", CHANCE),
    ),
}
"""From where no link is followed here, since nothing is answered well."""
REFUSED: Final = {
    ("gateway.add_organisation", "gateway.suspend_party"): "gateway/registry/test_suspensions",
    ("gateway.change_organisation", "gateway.suspend_party"): "gateway/registry/test_suspensions",
    ("gateway.register_client", "gateway.make_client_secret"): "gateway/oauth/test_legacy",
    ("privacy.draft_policy_set", "privacy.activate_policy_set"): "privacy/test_policy_sets",
    ("privacy.draft_policy_set", "privacy.approve_policy_set"): "privacy/test_policy_sets",
    ("privacy.request_hearing", "privacy.decide_hearing"): "privacy/test_amendments_and_hearings",
    ("privacy.request_hearing", "privacy.record_hearing"): "privacy/test_amendments_and_hearings",
}
"""What is followed, and refused for what has to be before it: two approvals, a day that has come, a client with a secret."""
BY_ANOTHER: Final = {
    ("records.create_exchange_request", "records.push_received_record"): "records/exchange/test_received_push",
    ("records.create_exchange_request", "records.send_transfer_notice"): "records/exchange/test_transfer_notices",
}
"""Of what leads to several things, those that another test has than its own."""
ROUNDS: Final = 4
"""What was refused for something that has to come before it is asked again when the rest has been."""
FIRST: Final = ("GET", "POST", "PUT", "DELETE")


@dataclass(frozen=True)
class Source:
    """A request that was answered well."""

    operation: str
    owner: str
    request: Request
    answer: Answer


@dataclass
class InTurn:
    """What was followed, and with which answers."""

    standing: Standing
    known: Known
    followed: dict[tuple[str, str], Counter[int]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._turns = {name: cycle(requests) for name, requests in self.known.items()}

    def run(self) -> None:
        """Begin with all that is known, and go on until nothing new is answered well."""
        sources = {operation: source for operation in {one for one, _ in LINKS} if (source := self._begun(operation)) is not None}
        for number in range(ROUNDS):
            for (operation, target), link in sorted(_links(), key=lambda one: (FIRST.index(operations()[one[0][1]][0]), one[0])):
                source = sources.get(operation)
                if operations()[target][0] == "DELETE" and number < ROUNDS - 2:
                    continue  # what is gone leads nowhere
                answers = self.followed.get((operation, target))
                if source is None or (answers is not None and min(answers) < 300):
                    continue
                came = self._follow(source if answers is None else self._another(source, number), target, link)
                if came.answer.status < 300 and target not in sources:
                    sources[target] = came

    def _begun(self, operation: str) -> Source | None:
        for owner, request in self.known.get(operation, ()):
            answer = self._ask(owner, operation, request)
            if answer.status < 300:
                return Source(operation, owner, request, answer)
        return None

    def _another(self, source: Source, number: int) -> Source:
        """Another of what is known to begin there, if it is answered well: what followed from the first was refused."""
        known = self.known.get(source.operation)
        if not known:
            return source
        owner, request = known[number % len(known)]
        answer = self._ask(owner, source.operation, request)
        return Source(source.operation, owner, request, answer) if answer.status < 300 else source

    def _follow(self, source: Source, target: str, link: Mapping[str, Any]) -> Source:
        method, template = operations()[target]
        path = template
        for name, expression in link["parameters"].items():
            leads = operations()[source.operation][1], source.request.path
            path = path.replace("{" + name + "}", said(expression, template=leads[0], path=leads[1], answer=source.answer.body))
        owner, body = source.owner, _taken(target, source.answer)
        if target in self._turns:
            owner, known = next(self._turns[target])
            if self._opens(source.owner, target):
                owner = source.owner
            request = replace(known, path=path, body=self._as_it_is_now(known.body, owner, path))
        else:
            request = Request(method, path, (), body)
        if "requestBody" in link:
            request = replace(request, body=json.loads(source.answer.body))
        answer = self._ask(owner, target, request)
        self.followed.setdefault((source.operation, target), Counter())[answer.status] += 1
        return Source(target, owner, request, answer)

    def _opens(self, owner: str, operation: str) -> bool:
        return any(held & route_of(operation).scopes for held in self.standing.two.owners[owner].scopes)

    def _as_it_is_now(self, body: Any, owner: str, path: str) -> Any:
        """The body with the id and version of what is at the path, where it says one: what was changed meanwhile is read again."""
        said = {"id", "version"} & body.keys() if isinstance(body, dict) else set()
        for place in (path, path.rpartition("/")[0]) if said else ():
            reading = next((name for name, one in operations().items() if one[0] == "GET" and _fits(one[1], place)), None)
            answer = None if reading is None else self._ask(owner, reading, Request("GET", place, ()))
            if answer is not None and answer.status == 200:
                there = json.loads(answer.body)
                return body | {name: there[name] for name in said if name in there}
        return body

    def _ask(self, owner: str, operation: str, request: Request) -> Answer:
        scopes = route_of(operation).scopes
        everybody: list[Stranger] = [*([self.standing.two.owners[owner]] if owner in self.standing.two.owners else []), *self._owners]
        by = next(one for one in everybody if any(held & scopes for held in one.scopes))
        answer = self.standing.portal.call(self.standing.two.ask, by, scopes, request)
        self._look_at(operation, request, answer)
        return answer

    @property
    def _owners(self) -> list[Stranger]:
        return list(self.standing.two.owners.values())

    def _look_at(self, operation: str, request: Request, answer: Answer) -> None:
        """Documented, and as it is described there."""
        method, template = operations()[operation]
        case = SCHEMA[template][method].Case(path_parameters=parameters_of(template, request.path))
        documented = case.operation.definition.raw["responses"]
        if answer.status == 500 or str(answer.status) not in {*documented, *AS_EVER}:
            self.faults.append(f"{method} {request.path} {answer.status} {answer.body[:600]!r}")
        elif str(answer.status) in documented:
            asked = Prepared(method, "http://127.0.0.1" + request.path).prepare()
            headers = {name: [value] for name, value in answer.fields}
            came = Response(answer.status, headers=headers, content=answer.body, request=asked, elapsed=0.0, verify=False)
            try:
                case.validate_response(came, checks=CONFORMING)
            except FailureGroup as failures:
                self.faults.append(f"{method} {request.path} {answer.status} {failures.exceptions}")


def _links() -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    return ((pair, link) for pair, link in links() if pair in LINKS)


def _fits(template: str, path: str) -> bool:
    parts = list(zip_longest(template.split("/"), path.split("/"), fillvalue="?"))
    return all(named == said or named.startswith("{") for named, said in parts)


def _taken(operation: str, answer: Answer) -> Any:
    """Of an answer what an operation takes."""
    method, path = operations()[operation]
    described = document()["paths"][path][method.lower()].get("requestBody", {}).get("content", {}).get("application/json")
    if described is None or not answer.body.startswith(b"{"):
        return None
    schema = described["schema"]
    schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return {name: value for name, value in json.loads(answer.body).items() if name in schema.get("properties", {})}


@pytest.mark.requirement("DOOR-described")
def test_every_link_is_followed_and_answered_well_but_those_that_are_tested_elsewhere(standing: Standing) -> None:
    turn = InTurn(standing, standing.portal.call(known_to, standing.two))
    turn.run()
    assert turn.faults == [], "\n".join(turn.faults)
    assert {source for source, _ in LINKS - turn.followed.keys()} == LEADING.keys(), "nothing is made there: say what tests them"
    refused = {pair for pair, answers in turn.followed.items() if min(answers) >= 300}
    assert refused == REFUSED.keys(), "what they lead to is refused here: say what tests it"


def test_what_is_not_followed_here_is_followed_in_the_test_that_is_named() -> None:
    tests, elsewhere = Path(__file__).parents[1], REFUSED | BY_ANOTHER
    named = {pair: elsewhere.get(pair, LEADING[pair[0]].test) for pair in LINKS if pair[0] in LEADING} | REFUSED
    followed = {
        test: set(re.findall(r'linked\(\s*"([a-z_.]+)",\s*"([a-z_.]+)"', (tests / test).with_suffix(".py").read_text()))
        for test in {*named.values()}
    }
    assert [pair for pair, test in named.items() if test != CHANCE and pair not in followed[test]] == []

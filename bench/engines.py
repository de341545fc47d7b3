"""The same cases decided by us, by Cedar's own engine through cedarpy, and by OPA over HTTP: first the same answers, then the ratios.

Cases are the lawful situations of the CFR's table, each with 22 elements. OPA is built from its Go module;
where there is no Go it is left out, and said.
"""

import http.client
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import cedarpy

from bench import rego
from bench.figures import Figure, percentile
from node.demo.processes import free_port
from safepassage.elements import ELEMENTS
from services.privacy.policy import PolicyInput, decide, load_policy_set
from services.privacy.policy.context import contexts
from services.privacy.policy.entities import entity
from services.privacy.policy.taxonomy import RECIPIENTS, TAXONOMY
from tests.privacy.policy.cedar import CEDAR_SCHEMA, ENTITIES, cedar_request, text_of
from tests.privacy.policy.situations import SITUATIONS, policy_input

TITLE = "The same cases, three engines"

OPA = "github.com/open-policy-agent/opa@v1.22.3"
ROUNDS = 200
TWENTY_TWO = tuple(element.id for element in ELEMENTS)[:22]


Asked = TypeVar("Asked")


class NotTheSame(RuntimeError):
    """Two engines answer one case differently: then no ratio says anything."""


def run() -> list[Figure]:
    """Measure; a difference ends it."""
    ours, cedar = _ours(), _cedar()
    asked = [policy_input(situation, {"elements": list(TWENTY_TWO)}) for situation in SITUATIONS.values()]
    cases = [case for case in asked if ours(case)]  # an educator's record has none of these elements: nothing to compare
    expected = [ours(case) for case in cases]
    requests = [[cedar_request(case, element) for element in TWENTY_TWO] for case in cases]
    _require_same("cedarpy", [cedar(one) for one in requests], expected)
    own = _microseconds(ours, cases)
    figures = [
        Figure("ours, 22 elements with reasons, obligations and hashes, p50", own, "µs", "<= 150", "in process"),
        *_beside(
            "cedarpy, 22 elements, permitted or not",
            _microseconds(cedar, requests),
            own,
            "in process; policies, entities and requests prepared",
        ),
    ]
    if shutil.which("go") is None:
        return [*figures, Figure("OPA", float("nan"), "µs", "", "not measured: there is no Go to build it with")]
    with tempfile.TemporaryDirectory() as name, _opa(Path(name)) as ask:
        bodies = [json.dumps({"input": _question(case)}) for case in cases]
        _require_same("OPA", [ask(body) for body in bodies], expected)
        found = _microseconds(ask, bodies)
        return [*figures, *_beside("OPA, 22 elements, permitted or not", found, own, "HTTP on the loopback, kept connection")]


def _beside(name: str, found: float, own: float, note: str) -> list[Figure]:
    return [Figure(f"{name}, p50", found, "µs", "", note), Figure("  that is, times ours", found / own, "×", "")]


def _require_same(name: str, answers: list[frozenset[str]], expected: list[frozenset[str]]) -> None:
    if answers != expected or not expected:
        raise NotTheSame(name)


def _microseconds(ask: Callable[[Asked], object], cases: Sequence[Asked]) -> float:
    times = []
    for _ in range(ROUNDS):
        for case in cases:
            started = time.perf_counter()
            ask(case)
            times.append((time.perf_counter() - started) * 1e6)
    return percentile(times, 50)


def _ours() -> Callable[[PolicyInput], frozenset[str]]:
    policy_set = load_policy_set()

    def ask(case: PolicyInput) -> frozenset[str]:
        return frozenset(element for group in decide(case, policy_set).groups for element in group.permitted)

    return ask


def _cedar() -> Callable[[list[dict[str, Any]]], frozenset[str]]:
    policies = cedarpy.PolicySet.from_str(text_of("permits", "forbids"))

    def ask(requests: list[dict[str, Any]]) -> frozenset[str]:
        answers = cedarpy.is_authorized_batch(requests, policies, ENTITIES, CEDAR_SCHEMA)
        allowed = (one.decision is cedarpy.Decision.Allow for one in answers)
        return frozenset(element for element, permitted in zip(TWENTY_TWO, allowed, strict=True) if permitted)

    return ask


@contextmanager
def _opa(folder: Path) -> Iterator[Callable[[str], frozenset[str]]]:
    """OPA's own server with the rules as Rego."""
    subprocess.run(["env", f"GOBIN={folder}", "go", "install", OPA], check=True, capture_output=True)  # noqa: S603, S607 the machine's Go
    rules, data = folder / "rules.rego", folder / "data.json"
    rules.write_text(rego.module())
    data.write_text(rego.ancestors())
    port = free_port()
    command = [str(folder / "opa"), "run", "--server", "--log-level", "error", "--addr", f"127.0.0.1:{port}", str(rules), str(data)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 what was just built
    try:
        connection = _connected(port)
        yield lambda body: _asked(connection, body)
        connection.close()
    finally:
        process.terminate()
        process.wait()


def _connected(port: int) -> http.client.HTTPConnection:
    ends = time.monotonic() + 20
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        try:
            connection.request("GET", "/health")
            connection.getresponse().read()
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)
        else:
            return connection


def _asked(connection: http.client.HTTPConnection, body: str) -> frozenset[str]:
    connection.request("POST", "/v1/data/safepassage/permitted", body, {"content-type": "application/json"})
    answer = json.loads(connection.getresponse().read())
    names = {str(TAXONOMY.elements[element]): element for element in TWENTY_TWO}
    return frozenset(names[one] for one in answer["result"])


def _question(case: PolicyInput) -> Mapping[str, Any]:
    context = next(contexts(case, TAXONOMY))
    if context is None:
        raise NotTheSame("a case without usable facts")
    principal = entity(RECIPIENTS[case.recipient.kind], case.recipient.id)
    elements = {element: str(TAXONOMY.elements[element]) for element in TWENTY_TWO}
    return rego.question(str(principal), str(entity("Action", case.action)), elements, context)

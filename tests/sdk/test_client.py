import importlib
import pkgutil
import threading
from collections.abc import Callable
from datetime import date, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import httpx2
import pytest

import safepassage.client
from safepassage.client import BlockingClient, Client, ClientFile, ClientKey, match_calls
from safepassage.client.blocking_operations import BlockingOperations
from safepassage.client.call import path_of
from safepassage.client.keys import write_private
from safepassage.client.log_mirror import mirror_log
from safepassage.client.operations import AsyncOperations
from safepassage.client.retries import Failure, pause_before_next, seconds_of
from safepassage.offline.log_folder import LogFolder
from safepassage.offline.whole_log import verify_log
from safepassage.problems import SuiteError
from safepassage.problems.calls import AnswerNotUnderstood, ClientFileUnusable, InsecureAddress, NodeUnreachable, TokenNotGranted
from safepassage.problems.requests import IdempotencyKeyReused, InternalFault, NotFound, TemporarilyUnavailable, TooManyRequests
from safepassage.record.loads import StudentLookup
from safepassage.wire_policy import ActingFor, NewConsent
from tests.sdk.exchange import NOW
from tests.sdk.fake_node import ISSUER, Clock, FakeNode
from tests.sdk.stored_logs import entry, key_of, write_folder

KEY = ClientKey.generate()
FILE = ClientFile(issuer=ISSUER, client_id="birch-sis", key=KEY.private_jwk(), scopes=("rights:act",), purpose="enrollment")
CONSENT = NewConsent(
    student_id=UUID(int=1),
    acting_for=ActingFor(person_id=UUID(int=2), assurance_level="ial2", method="in-person", evidence_ref="e-1", authenticated_at=NOW),
    signed_on=date(2026, 9, 1),
    signature="paper",
    document="A" * 43,
    elements=("identity.name",),
    purposes=("enrollment",),
    recipient_id=str(UUID(int=3)),
)
ELSEWHERE = "https://elsewhere.example"
LOOKUP = StudentLookup(first_name="Ana", last_name="Núñez", birth_date=date(2018, 2, 3))


class Desk:
    """A client, the node it talks to, and the pauses it made."""

    def __init__(self, *, nonces: bool = False, file: ClientFile = FILE) -> None:
        self.clock = Clock()
        self.node = FakeNode(FILE.client_id, KEY.public, self.clock, nonces=nonces)
        self.pauses: list[float] = []
        self.client = BlockingClient(file, transport=self.node.transport(), clock=self.clock, pause=self.pauses.append)

    def async_client(self) -> Client:
        async def pause(seconds: float) -> None:
            self.pauses.append(seconds)

        return Client(FILE, transport=self.node.transport(), clock=self.clock, pause=pause)

    def tokens_asked(self) -> int:
        return len(self.node.token_forms)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_call_gets_a_bound_token_and_proves_each_request(desk: Desk) -> None:
    first = desk.client.record_consent(CONSENT)
    second = desk.client.record_consent(CONSENT)
    assert first.id != second.id
    assert first.student_id == CONSENT.student_id
    assert desk.tokens_asked() == 1
    form = desk.node.token_forms[0]
    assert form["scope"] == ["rights:act"]
    assert form["authorization_details"] == ['[{"type": "student_data_access", "purpose": "enrollment"}]']


@pytest.mark.anyio
async def test_both_faces_do_the_same(desk: Desk) -> None:
    async with desk.async_client() as client:
        theirs = await client.lookup_students(LOOKUP)
    assert desk.client.lookup_students(LOOKUP) == theirs
    assert {name for name in vars(AsyncOperations) if not name.startswith("_")} == {
        name for name in vars(BlockingOperations) if not name.startswith("_")
    }


def test_every_call_has_a_method_of_its_name() -> None:
    names = [module.name for module in pkgutil.iter_modules(safepassage.client.__path__) if module.name.endswith("calls")]
    modules = [importlib.import_module(f"safepassage.client.{name}") for name in names]
    built = {
        name for one in modules for name, value in vars(one).items() if getattr(value, "__module__", "") == one.__name__ and name[0] != "_"
    }
    assert built == {name for name in vars(AsyncOperations) if not name.startswith("_")}
    assert all(vars(AsyncOperations)[name].__doc__ for name in built)


@pytest.mark.anyio
async def test_many_tasks_share_one_token(desk: Desk) -> None:
    async with desk.async_client() as client, anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(client.lookup_students, LOOKUP)
    assert desk.tokens_asked() == 1
    assert sum(request.url.path == "/v1/students/lookup" for request in desk.node.received) == 20


def test_many_threads_share_one_token(desk: Desk) -> None:
    threads = [threading.Thread(target=desk.client.lookup_students, args=(LOOKUP,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert desk.tokens_asked() == 1


def test_a_token_is_renewed_before_it_ends_and_after_it_was_taken_back(desk: Desk) -> None:
    desk.client.lookup_students(LOOKUP)
    desk.clock.pass_seconds(279)
    desk.client.lookup_students(LOOKUP)
    assert desk.tokens_asked() == 1
    desk.clock.pass_seconds(2)
    desk.client.lookup_students(LOOKUP)
    assert desk.tokens_asked() == 2
    desk.node.faults.append("token-revoked")
    desk.client.lookup_students(LOOKUP)
    assert desk.tokens_asked() == 3


def test_the_node_s_nonce_is_put_into_proofs_and_renewed() -> None:
    desk = Desk(nonces=True)
    desk.client.lookup_students(LOOKUP)
    before = len(desk.node.received)
    desk.client.lookup_students(LOOKUP)
    assert len(desk.node.received) == before + 1
    desk.node.nonce = "another-nonce"
    desk.client.lookup_students(LOOKUP)
    assert desk.pauses == []


@pytest.mark.parametrize("fault", ["answer-lost", "unavailable", "bad-gateway", "connection-refused"])
def test_a_write_whose_answer_is_lost_is_repeated_under_its_key_and_done_once(desk: Desk, fault: str) -> None:
    desk.client.lookup_students(LOOKUP)
    desk.node.faults.extend([fault, fault])
    consent = desk.client.record_consent(CONSENT)
    assert [made["id"] for _, made in desk.node.consents.values()] == [str(consent.id)]
    assert len({request.headers["idempotency-key"] for request in desk.node.received if request.url.path == "/v1/consents"}) == 1
    assert len(desk.pauses) == 2
    assert 0.125 <= desk.pauses[0] <= 0.25 <= desk.pauses[1] <= 0.5


def test_the_same_key_again_is_the_same_consent_and_with_another_body_a_problem(desk: Desk) -> None:
    first = desk.client.record_consent(CONSENT, idempotency_key="my-key-0001")
    assert desk.client.record_consent(CONSENT, idempotency_key="my-key-0001") == first
    with pytest.raises(IdempotencyKeyReused):
        desk.client.record_consent(CONSENT.model_copy(update={"document": "B" * 42 + "A"}), idempotency_key="my-key-0001")


def test_retry_after_is_kept_to_and_a_long_one_is_the_caller_s_to_decide(desk: Desk) -> None:
    desk.client.lookup_students(LOOKUP)
    desk.node.faults.append("too-many:7")
    desk.client.record_consent(CONSENT)
    assert 7 <= desk.pauses[0] <= 7.25
    desk.node.faults.append("too-many:3600")
    with pytest.raises(TooManyRequests) as refused:
        desk.client.record_consent(CONSENT)
    assert refused.value.retry_after_seconds == 3600
    assert len(desk.pauses) == 1


def test_after_four_attempts_the_problem_is_the_caller_s(desk: Desk) -> None:
    desk.client.lookup_students(LOOKUP)
    for fault, problem in (("unavailable", TemporarilyUnavailable), ("internal-fault", InternalFault), ("answer-lost", NodeUnreachable)):
        desk.node.faults.extend([fault] * 4)
        with pytest.raises(problem):
            desk.client.record_consent(CONSENT)
    assert len(desk.pauses) == 9
    assert len(desk.node.consents) == 1  # the lost answers were one consent; who repeats it with the same key gets it


def test_what_the_node_refuses_for_good_is_not_repeated(desk: Desk) -> None:
    with pytest.raises(NotFound) as refused:
        desk.client.read_exchange_request(UUID(int=9))
    assert desk.pauses == []
    assert refused.value.request_id == "r-1"
    assert refused.value.problem is not None
    assert refused.value.problem.remedy == NotFound.remedy


def test_a_refused_token_request_says_oauth_s_word() -> None:
    desk = Desk(file=FILE.model_copy(update={"scopes": ("records:write",)}))
    with pytest.raises(TokenNotGranted, match="invalid_scope"):
        desk.client.lookup_students(LOOKUP)


def test_pages_are_followed_to_the_end_and_lead_nowhere_else(desk: Desk) -> None:
    found = [str(match.id) for page in desk.client.pages(match_calls.list_matches(limit=1)) for match in page.matches]
    assert found == desk.node.students
    for target in ("https://elsewhere.example/v1/matches?cursor=1", "//elsewhere.example/v1/matches", "/v1/students?cursor=1"):
        desk.node.next_link = lambda _, target=target: target
        with pytest.raises(AnswerNotUnderstood):
            list(desk.client.pages(match_calls.list_matches(limit=1)))


@pytest.mark.anyio
async def test_pages_are_followed_without_blocking_too(desk: Desk) -> None:
    async with desk.async_client() as client:
        found = [str(match.id) async for page in client.pages(match_calls.list_matches()) for match in page.matches]
    assert found == desk.node.students


@pytest.mark.parametrize("fault", ["garbage", "redirect"])
def test_an_answer_that_is_none_is_refused(desk: Desk, fault: str) -> None:
    desk.client.lookup_students(LOOKUP)
    desk.node.faults.append(fault)
    with pytest.raises(AnswerNotUnderstood):
        desk.client.lookup_students(LOOKUP)


@pytest.mark.parametrize(
    "metadata", [{"issuer": ELSEWHERE}, {"token_endpoint": ELSEWHERE + "/oauth/token"}, {"token_endpoint": "/oauth/token"}]
)
def test_assertions_go_to_the_named_node_only(desk: Desk, metadata: dict[str, str]) -> None:
    desk.node.metadata |= metadata
    with pytest.raises(AnswerNotUnderstood):
        desk.client.lookup_students(LOOKUP)
    assert desk.tokens_asked() == 0


def test_a_token_that_is_bound_to_no_key_is_not_used(desk: Desk) -> None:
    desk.node.token_type = "Bearer"
    with pytest.raises(AnswerNotUnderstood):
        desk.client.lookup_students(LOOKUP)
    assert all(request.url.path != "/v1/students/lookup" for request in desk.node.received)


def test_headers_for_another_program_are_those_of_one_request(desk: Desk) -> None:
    headers = desk.client.headers_for("POST", "/v1/students/lookup")
    with httpx2.Client(transport=desk.node.transport(), base_url=ISSUER) as other:
        assert other.post("/v1/students/lookup", headers=headers, json={}).status_code == 200
        assert other.post("/v1/students/lookup", headers=headers, json={}).json()["code"] == "proof-used-before"
        fresh = desk.client.headers_for("POST", "/v1/students/lookup")
        assert other.post("/v1/consents", headers=fresh, json={}).json()["code"] == "proof-not-valid"


def test_a_log_is_mirrored_and_what_is_there_in_full_is_not_asked_for_again(desk: Desk, tmp_path: Path) -> None:
    entries, mirror = [entry(number) for number in range(700)], tmp_path / "mirror"
    for size in (300, 300, 700):
        desk.node.log = tmp_path / str(size)
        write_folder(desk.node.log, entries[:size])
        assert mirror_log(desk.client, mirror) == size
        assert verify_log(LogFolder(mirror), keys=[key_of()]).size == size
    asked = [request.url.path for request in desk.node.received if "/v1/log/tile/entries/" in request.url.path]
    assert asked == [f"/v1/log/tile/entries/{name}" for name in ("000", "001.p/44", "001", "002.p/188")]
    assert verify_log(LogFolder(mirror), keys=[key_of()]).checkpoints == 2


def test_a_client_file_is_private_and_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "sis.json"
    FILE.save(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert ClientFile.load(path) == FILE
    assert KEY.private_jwk()["d"] not in repr(FILE)
    with pytest.raises(FileExistsError):
        FILE.save(path)
    path.chmod(0o640)
    with pytest.raises(ClientFileUnusable):
        ClientFile.load(path)


@pytest.mark.parametrize(
    "break_it",
    [
        lambda members: members.update(v=2),
        lambda members: members.update(password="x"),
        lambda members: members["key"].update(d="AAAA"),
        lambda members: members["key"].update(kid="another"),
        lambda members: members["key"].pop("d"),
        lambda members: members.pop("issuer"),
    ],
)
def test_a_malformed_client_file_is_refused_without_showing_it(tmp_path: Path, break_it: Callable[[dict[str, Any]], None]) -> None:
    members = FILE.model_dump(mode="json")
    break_it(members)
    write_private(tmp_path / "sis.json", members)
    with pytest.raises(ClientFileUnusable) as refused:
        ClientFile.load(tmp_path / "sis.json")
    assert members["key"].get("d", "none") not in str(refused.value)


def test_http_is_for_this_machine_alone() -> None:
    ClientFile(**{**FILE.model_dump(), "issuer": "http://127.0.0.1:8301"})
    for address in ({"issuer": "http://alder.example"}, {"url": "http://alder.example"}):
        with pytest.raises(InsecureAddress):
            ClientFile(**{**FILE.model_dump(), **address})


def test_a_key_file_is_private_and_repr_tells_nothing(tmp_path: Path) -> None:
    KEY.save(tmp_path / "key.json")
    loaded = ClientKey.load(tmp_path / "key.json")
    assert loaded.kid == KEY.kid
    assert KEY.private_jwk()["d"] not in repr(loaded)
    assert "d" not in loaded.jwk


def test_parts_of_a_path_are_encoded_slashes_included() -> None:
    assert path_of("/v1/students/{id}", id="../clients?x=1") == "/v1/students/..%2Fclients%3Fx%3D1"


def test_the_retry_rule() -> None:
    def rule(failure: Failure, attempt: int = 1, *, may_repeat: bool = True) -> float | None:
        return pause_before_next(failure, attempt=attempt, may_repeat=may_repeat, random=lambda: 0.0)

    assert rule(Failure("never")) is None
    assert rule(Failure("same-key"), may_repeat=False) is None
    assert rule(Failure(None), may_repeat=False) is None
    assert rule(Failure("after"), may_repeat=False) == 0.125
    assert [rule(Failure("same-key"), attempt) for attempt in (1, 2, 3, 4)] == [0.125, 0.25, 0.5, None]
    assert rule(Failure("after", 3)) == 3.125
    assert rule(Failure("after", 31)) is None


def test_retry_after_is_read_as_seconds_or_as_a_date() -> None:
    assert seconds_of("5", now=NOW) == 5
    assert seconds_of(format_datetime(NOW + timedelta(seconds=9), usegmt=True), now=NOW) == 9
    assert seconds_of(format_datetime(NOW - timedelta(seconds=9), usegmt=True), now=NOW) == 0
    for nonsense in (None, "", "-1", "soon", "1.5", "\u0661"):
        assert seconds_of(nonsense, now=NOW) is None


def test_every_error_of_the_client_is_a_suite_error(desk: Desk) -> None:
    desk.node.faults.extend(["connection-refused"] * 4)
    with pytest.raises(SuiteError):
        desk.client.lookup_students(LOOKUP)

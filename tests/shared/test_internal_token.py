"""A service listens to those who may call it, for thirty seconds, and believes a caller only from the gateway."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import pytest

from safepassage.problems import SuiteError
from safepassage.problems.requests import NotAuthenticated
from safepassage.problems.signatures import BadSignature, MalformedToken, TokenExpired, UnexpectedType, UnknownKey, WrongAudience
from shared.app import internal_tokens
from shared.internal_token import CallerClaims, InternalTokens, Principal
from shared.keys import SigningKey
from shared.settings import ServiceSettings
from shared.who_may_call import SERVICES, WHO_MAY_CALL, ServiceName
from tests.conftest import StandingClock

CALLER = CallerClaims(
    client_id="birch-sis",
    organisation_id=UUID(int=7),
    organisation_kind="lea",
    role="information-system",
    scopes=frozenset({"records:read"}),
)


@pytest.fixture
def tokens(node_keys: Path) -> dict[ServiceName, InternalTokens]:
    def of(service: ServiceName) -> InternalTokens:
        settings = ServiceSettings(
            entity_id="https://alder.example", database_url="sqlite+aiosqlite:///unused", keys_directory=node_keys / service
        )
        return internal_tokens(service, settings)

    return {service: of(service) for service in SERVICES}


@contextmanager
def refused_for(*problems: type[SuiteError]) -> Iterator[None]:
    """Told as NotAuthenticated, whatever it is: so that nobody takes it for a refusal of what the request holds."""
    with pytest.raises(NotAuthenticated) as caught:
        yield
    assert isinstance(caught.value.__cause__ or caught.value, problems), caught.value.__cause__


def test_the_gateways_word_for_a_caller_is_believed(tokens: dict[ServiceName, InternalTokens], clock: StandingClock) -> None:
    principal = tokens["records"].verify(tokens["gateway"].for_caller("records", CALLER, clock()), clock())
    assert (principal.service, principal.caller, principal.job) == ("gateway", CALLER, None)


def test_a_service_calls_on_with_the_gateways_whole_token(tokens: dict[ServiceName, InternalTokens], clock: StandingClock) -> None:
    at_records = tokens["records"].verify(tokens["gateway"].for_caller("records", CALLER, clock()), clock())
    at_privacy = tokens["privacy"].verify(tokens["records"].for_principal("privacy", at_records, clock()), clock())
    assert (at_privacy.service, at_privacy.caller) == ("records", CALLER)
    at_audit = tokens["audit"].verify(tokens["privacy"].for_principal("audit", at_privacy, clock()), clock())
    assert (at_audit.service, at_audit.caller) == ("privacy", CALLER)


def test_a_token_is_kept_for_the_very_caller_that_it_speaks_for(tokens: dict[ServiceName, InternalTokens], clock: StandingClock) -> None:
    """The same call goes out with the same token for half its lifetime, and nobody's in another's name."""
    other = CALLER.model_copy(update={"client_id": "elm-sis"})
    behind = [tokens["records"].verify(tokens["gateway"].for_caller("records", caller, clock()), clock()) for caller in (CALLER, other)]
    made = [tokens["records"].for_principal("privacy", one, clock()) for one in (*behind, *behind)]
    assert made[:2] == made[2:]
    assert [tokens["privacy"].verify(token, clock()).caller for token in made[:2]] == [CALLER, other]
    assert tokens["records"].for_job("privacy", behind[0].gateway_token or "", clock()) not in made
    clock.advance(seconds=16)
    assert tokens["records"].for_principal("privacy", behind[0], clock()) != made[0]


def test_a_worker_names_its_job(tokens: dict[ServiceName, InternalTokens], clock: StandingClock) -> None:
    principal = tokens["audit"].verify(tokens["records"].for_job("audit", "outbox", clock()), clock())
    assert (principal.service, principal.caller, principal.job) == ("records", None, "outbox")


@pytest.mark.parametrize("caller", SERVICES)
@pytest.mark.parametrize("callee", SERVICES)
def test_only_those_who_may_call_are_heard(
    caller: ServiceName, callee: ServiceName, tokens: dict[ServiceName, InternalTokens], clock: StandingClock
) -> None:
    token = tokens[caller].for_job(callee, "outbox", clock())
    if callee in WHO_MAY_CALL[caller]:
        assert tokens[callee].verify(token, clock()).service == caller
    else:
        with pytest.raises(NotAuthenticated):
            tokens[callee].verify(token, clock())


def test_no_service_but_the_gateway_can_make_up_a_caller(tokens: dict[ServiceName, InternalTokens], clock: StandingClock) -> None:
    with pytest.raises(NotAuthenticated):
        tokens["audit"].verify(tokens["records"].for_caller("audit", CALLER, clock()), clock())
    own = Principal(service="records", caller=CALLER, job=None, gateway_token=tokens["records"].for_caller("records", CALLER, clock()))
    with pytest.raises(SuiteError):
        tokens["privacy"].verify(tokens["records"].for_principal("privacy", own, clock()), clock())


def test_a_gateway_token_for_another_service_cannot_be_nested(tokens: dict[ServiceName, InternalTokens], clock: StandingClock) -> None:
    stolen = tokens["gateway"].for_caller("audit", CALLER, clock())
    relay = Principal(service="gateway", caller=CALLER, job=None, gateway_token=stolen)
    with refused_for(WrongAudience):
        tokens["privacy"].verify(tokens["records"].for_principal("privacy", relay, clock()), clock())


def test_a_token_for_another_audience_is_refused(tokens: dict[ServiceName, InternalTokens], clock: StandingClock) -> None:
    with refused_for(WrongAudience):
        tokens["audit"].verify(tokens["gateway"].for_caller("records", CALLER, clock()), clock())


@pytest.mark.parametrize("seconds", [36, -6])
def test_a_token_holds_thirty_seconds(seconds: int, tokens: dict[ServiceName, InternalTokens], clock: StandingClock) -> None:
    token = tokens["gateway"].for_caller("records", CALLER, clock())
    tokens["records"].verify(token, clock())  # verified once: the cache must not outlive it
    clock.advance(seconds=seconds)
    with refused_for(TokenExpired):
        tokens["records"].verify(token, clock())


def test_a_longer_life_than_thirty_seconds_is_refused(
    tokens: dict[ServiceName, InternalTokens], node_keys: Path, clock: StandingClock
) -> None:
    now = int(clock().timestamp())
    payload = {"iss": "gateway", "aud": "records", "jti": "1", "iat": now, "exp": now + 31, "system": "job"}
    token = SigningKey.load(node_keys / "gateway" / "internal.json").sign_compact(typ="sp-internal+jwt", payload=payload)
    with refused_for(TokenExpired):
        tokens["records"].verify(token, clock())


def test_nothing_and_rubbish_and_other_types_are_refused(
    tokens: dict[ServiceName, InternalTokens], node_keys: Path, clock: StandingClock
) -> None:
    now = int(clock().timestamp())
    payload = {"iss": "gateway", "aud": "records", "jti": "1", "iat": now, "exp": now + 30, "system": "job"}
    gateway = SigningKey.load(node_keys / "gateway" / "internal.json")
    good = gateway.sign_compact(typ="sp-internal+jwt", payload=payload)
    cases: list[tuple[str | None, type[SuiteError]]] = [
        (None, NotAuthenticated),
        ("", NotAuthenticated),
        ("a.b", MalformedToken),
        (gateway.sign_compact(typ="at+jwt", payload=payload), UnexpectedType),
        (SigningKey.generate().sign_compact(typ="sp-internal+jwt", payload=payload), UnknownKey),
        (good[:-4] + ("AAAA" if not good.endswith("AAAA") else "BBBB"), BadSignature),
        (gateway.sign_compact(typ="sp-internal+jwt", payload=payload | {"extra": 1}), MalformedToken),
        (gateway.sign_compact(typ="sp-internal+jwt", payload={k: v for k, v in payload.items() if k != "system"}), NotAuthenticated),
        (gateway.sign_compact(typ="sp-internal+jwt", payload=payload | {"iss": "records"}), NotAuthenticated),
    ]
    for token, problem in cases:
        with refused_for(problem, MalformedToken):
            tokens["records"].verify(token, clock())

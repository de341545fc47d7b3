"""Webhooks are verified as Standard Webhooks says, and as its own library does."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from safepassage.problems.destinations import WebhookNotFresh, WebhookNotOfTheLog, WebhookNotVerified
from safepassage.webhooks import PRIVATE, public_text, secret_text, signed_headers, verify_webhook
from safepassage.wire_destinations import DeliveredEntries, LogDelivery
from shared.clock import system_clock

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
SECRET, OTHER = secret_text(bytes(range(32))), secret_text(b"x" * 24)
KEY = PRIVATE + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
BODY = (
    LogDelivery(type="log.ping", timestamp=NOW, data=DeliveredEntries(destination_id=UUID(int=1), log="", entries=()))
    .model_dump_json()
    .encode()
)


def verify(headers: dict[str, str], *keys: str, body: bytes = BODY, now: datetime = NOW) -> LogDelivery:
    return verify_webhook(headers=headers, body=body, keys=keys, now=now)


def test_the_vector_of_the_reference_library() -> None:
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', keys=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], now=at
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    with pytest.raises(WebhookNotOfTheLog):
        verify(headers, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", body=b'{"test": 2432232314}', now=at)


def test_the_reference_library_verifies_what_a_node_signs_also_while_a_secret_is_replaced() -> None:
    now = system_clock()
    headers = signed_headers("one", BODY, keys=[OTHER, KEY, SECRET], now=now)
    for secret in (SECRET, OTHER):
        assert Webhook(secret).verify(BODY, headers)["type"] == "log.ping"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret_text(b"y" * 24)).verify(BODY, headers)


def test_what_the_reference_library_signs_is_verified() -> None:
    signature = Webhook(SECRET).sign("one", NOW, BODY.decode())
    headers = {"Webhook-Id": "one", "Webhook-Timestamp": str(int(NOW.timestamp())), "Webhook-Signature": f"v1,AAAA {signature}"}
    assert verify(headers, SECRET).type == "log.ping"


@pytest.mark.parametrize("key", [SECRET, KEY])
def test_whatever_is_changed_is_refused(key: str) -> None:
    good = signed_headers("one", BODY, keys=[key], now=NOW)
    ours = public_text(key) if key == KEY else key
    assert verify(good, ours).type == "log.ping"
    version, _, text = good["webhook-signature"].partition(",")
    changes: list[dict[str, str]] = [
        {"webhook-id": "two"}, {"webhook-id": "one."}, {"webhook-id": ""}, {"webhook-timestamp": str(int(NOW.timestamp()) + 1)},
        {"webhook-timestamp": "1.7e9"}, {"webhook-signature": ""}, {"webhook-signature": text}, {"webhook-signature": f"v2,{text}"},
        {"webhook-signature": f"{'v1' if version == 'v1a' else 'v1a'},{text}"}, {"webhook-signature": f"{version},{text[:-4]}"},
    ]  # fmt: skip
    for change in changes:
        with pytest.raises(WebhookNotVerified):
            verify(good | change, ours)
    for missing in good:
        with pytest.raises(WebhookNotVerified):
            verify({name: value for name, value in good.items() if name != missing}, ours)
    for body in (BODY[:-1], BODY + b" ", b""):
        with pytest.raises(WebhookNotVerified):
            verify(good, ours, body=body)
    for keys in ((), (OTHER,), (public_text(PRIVATE + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh4="),)):
        with pytest.raises(WebhookNotVerified):
            verify(good, *keys)


def test_no_full_stop_moves_between_id_time_and_body() -> None:
    """What is signed may be read in another way where an id may have a full stop: another body, at another time."""
    good = signed_headers("one", b"1700000000." + BODY, keys=[SECRET], now=NOW)
    moved = good | {"webhook-id": f"one.{good['webhook-timestamp']}", "webhook-timestamp": "1700000000"}
    with pytest.raises(WebhookNotVerified):
        verify(moved, SECRET, now=datetime.fromtimestamp(1700000000, UTC))


@pytest.mark.parametrize("seconds", [-301, 301])
def test_what_was_caught_on_the_way_is_not_taken_later(seconds: int) -> None:
    good = signed_headers("one", BODY, keys=[SECRET], now=NOW)
    assert verify(good, SECRET, now=NOW + timedelta(seconds=seconds * 300 // 301))
    with pytest.raises(WebhookNotFresh):
        verify(good, SECRET, now=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("key", ["", "whsec_", "whsec_AAAA", "secret", "whsec_" + "A" * 100, "whpk_AAAA", SECRET[6:]])
def test_a_key_that_is_none_is_not_passed_over(key: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        verify(signed_headers("one", BODY, keys=[SECRET], now=NOW), key)


@settings(max_examples=25)
@given(st.binary(max_size=60), st.text(max_size=40))
def test_noise_is_refused_and_nothing_else_happens(body: bytes, signature: str) -> None:
    with pytest.raises(WebhookNotVerified):
        verify({"webhook-id": "one", "webhook-timestamp": "1700000000", "webhook-signature": signature}, SECRET, body=body)

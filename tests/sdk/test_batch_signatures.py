from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature

from safepassage.batch_signatures import ALGORITHM, LARGEST, signatures_of, verify_batched
from safepassage.canonical import canonical_json, from_base64url, to_base64url
from safepassage.claims import verify_message
from safepassage.compact import assemble, signing_input, verified_parts, verify_compact
from safepassage.message_batches import MAX_BODY_BYTES, MOST, batch_body, grouped, split_batch
from safepassage.node_statement import NodeStatement
from safepassage.problems.batches import BatchMalformed
from safepassage.problems.signatures import BadSignature, MalformedToken, UnexpectedType, UnknownKey
from safepassage.receipt import Receipt
from safepassage.request import Request
from tests.sdk import rfc9162
from tests.sdk.exchange import Signer
from tests.sdk.vectors import vectors

KEY = Signer(1)
VECTOR = vectors("batches")
TYPE = "sp-receipt+jws"


def inputs(count: int) -> list[bytes]:
    return [signing_input(typ=TYPE, kid=KEY.kid, payload={"v": 1, "n": n}, batched=True) for n in range(count)]


def tokens(count: int) -> list[str]:
    signed = inputs(count)
    return [assemble(one, signature) for one, signature in zip(signed, signatures_of(signed, KEY.private.sign), strict=True)]


def test_the_vectors_are_built_and_read_as_they_stand() -> None:
    signer = Signer(VECTOR["seed"])
    signed = [signing_input(typ=one["typ"], kid=signer.kid, payload=one["claims"], batched=True) for one in VECTOR["members"]]
    made = [assemble(one, signature) for one, signature in zip(signed, signatures_of(signed, signer.private.sign), strict=True)]
    assert made == [one["token"] for one in VECTOR["members"]]
    for one in VECTOR["members"]:
        assert verified_parts(one["token"], typ=one["typ"], keys=signer.keys, batched=True).payload == one["claims"]


def test_what_is_signed_is_the_root_by_the_definition_of_the_rfc() -> None:
    """Each member is checked here with the RFC's own recursive definitions, and a signature over them, by nothing of the module."""
    for count in (2, 3, 5, 8, 13):
        signed = inputs(count)
        root = rfc9162.mth(signed)
        for index, signature in enumerate(signatures_of(signed, KEY.private.sign)):
            path = b"".join(rfc9162.path(index, signed))
            assert signature[:-64] == b"\x01" + index.to_bytes(4, "big") + count.to_bytes(4, "big") + path
            KEY.public.verify(signature[-64:], b"safepassage/batch/1\x00" + count.to_bytes(4, "big") + root)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 64, 100, LARGEST])
def test_each_member_is_verified_alone(count: int) -> None:
    made = tokens(count)
    for n in {0, count // 2, count - 1}:
        assert verified_parts(made[n], typ=TYPE, keys=KEY.keys, batched=True).payload == {"v": 1, "n": n}


def test_every_changed_bit_of_a_signature_is_refused() -> None:
    [signed, *_] = inputs(5)
    [signature, *_] = signatures_of(inputs(5), KEY.private.sign)
    verify_batched(signature, signed, KEY.public)
    for at in range(len(signature)):
        for bit in (1, 128):
            changed = signature[:at] + bytes([signature[at] ^ bit]) + signature[at + 1 :]
            with pytest.raises(BadSignature):
                verify_batched(changed, signed, KEY.public)
    for other in (signature[:-1], signature + b"\0", signature[:9], b"", signature[9:]):
        with pytest.raises(BadSignature):
            verify_batched(other, signed, KEY.public)


def test_a_member_under_anothers_signature_key_or_type_is_refused() -> None:
    first, second = (token.rpartition(".") for token in tokens(2))
    with pytest.raises(BadSignature):
        verified_parts(f"{first[0]}.{second[2]}", typ=TYPE, keys=KEY.keys, batched=True)
    token = "".join(first)
    with pytest.raises(UnknownKey):
        verified_parts(token, typ=TYPE, keys=Signer(2).keys, batched=True)
    with pytest.raises(BadSignature):
        verified_parts(token, typ=TYPE, keys={KEY.kid: Signer(2).public}, batched=True)
    with pytest.raises(UnexpectedType):
        verified_parts(token, typ="sp-envelope+jws", keys=KEY.keys, batched=True)


def test_a_signature_of_one_way_is_none_of_the_other() -> None:
    batched = inputs(1)[0]
    with pytest.raises(BadSignature):
        verified_parts(assemble(batched, KEY.private.sign(batched)), typ=TYPE, keys=KEY.keys, batched=True)
    alone = signing_input(typ=TYPE, kid=KEY.kid, payload={"v": 1})
    with pytest.raises(BadSignature):
        verified_parts(assemble(alone, signatures_of([alone], KEY.private.sign)[0]), typ=TYPE, keys=KEY.keys, batched=True)


def test_a_refused_root_is_not_remembered_as_good() -> None:
    [signed] = inputs(1)
    forged = signatures_of([signed], Signer(2).private.sign)[0]
    for _ in range(2):
        with pytest.raises(BadSignature):
            verify_batched(forged, signed, KEY.public)
    with pytest.raises(InvalidSignature):
        KEY.public.verify(forged[-64:], b"anything")


def test_tokens_that_are_no_messages_between_nodes_are_signed_by_themselves() -> None:
    token = tokens(2)[0]
    with pytest.raises(MalformedToken):
        verify_compact(token, typ=TYPE, keys=KEY.keys)
    statement = next(one for one in vectors("messages")["messages"] if one["typ"] == NodeStatement.TYPE)
    signed = [signing_input(typ=statement["typ"], kid=KEY.kid, payload=statement["claims"], batched=True)]
    with pytest.raises(MalformedToken):
        verify_message(assemble(signed[0], signatures_of(signed, KEY.private.sign)[0]), kind=NodeStatement, keys=KEY.keys)
    assert Request.BATCHED
    assert Receipt.BATCHED


def test_a_batch_has_members_and_not_too_many() -> None:
    for count in (0, LARGEST + 1):
        with pytest.raises(ValueError, match="1 to 1024"):
            signatures_of([b"x"] * count, KEY.private.sign)


def test_a_body_is_split_into_what_it_was_made_of() -> None:
    members = [b"first", b"\0" * 1000, b"z"]
    assert split_batch(batch_body(members)) == members


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0\0\0",
        b"\0\0\0\0",
        b"\0\0\0\5four",
        batch_body([b"one"]) + b"\0",
        b"\xff\xff\xff\xff" + b"x",
        batch_body([b"x"] * MOST) + batch_body([b"x"]),
        batch_body([b"x" * (MAX_BODY_BYTES - 4)]) + batch_body([b"x"]),
    ],
    ids=["empty", "half a length", "empty member", "too short", "trailing", "huge length", "too many", "too large"],
)
def test_any_other_body_is_refused(body: bytes) -> None:
    with pytest.raises(BatchMalformed):
        split_batch(body)


def test_members_are_grouped_in_order_and_one_too_large_is_alone() -> None:
    large = b"x" * (MAX_BODY_BYTES // 2)
    assert [len(group) for group in grouped([b"y"] * 250)] == [100, 100, 50]
    assert [[len(one) for one in group] for group in grouped([b"y", large, large, b"z" * (MAX_BODY_BYTES + 1), b"y"])] == [
        [1, len(large)],
        [len(large)],
        [MAX_BODY_BYTES + 1],
        [1],
    ]


def test_the_algorithm_is_named_by_a_name_of_our_own() -> None:
    """RFC 7515 section 4.1.1: registered, or collision-resistant."""
    header = from_base64url(tokens(2)[0].split(".")[0])
    assert header == canonical_json({"alg": ALGORITHM, "kid": KEY.kid, "typ": TYPE})
    assert ALGORITHM.startswith("urn:safepassage:")
    any_header: dict[str, Any] = {"alg": ALGORITHM + "0", "kid": KEY.kid, "typ": TYPE}
    with pytest.raises(MalformedToken):
        verified_parts(f"{to_base64url(canonical_json(any_header))}.e30.AA", typ=TYPE, keys=KEY.keys, batched=True)

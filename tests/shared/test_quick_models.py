"""What is read quickly is what the model reads: the same values, the same canonical bytes, and nothing that the model refuses."""

import json
from typing import Annotated, Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, Field, StringConstraints, ValidationError, model_validator

from services.audit.batches import _QUICK, quickly_read
from services.audit.drafts import canonical_part, draft_of
from shared.contracts.audit import Actor, AppendRequest, Context, Event
from shared.quick_models import CannotBeTold, QuickReader, struct_of

EVENT = {
    "class": "match",
    "key": "records:1",
    "subjects": ["01a00000-0000-7000-8000-000000000001"],
    "custodians": ["01a00000-0000-7000-8000-000000000002"],
    "actor": {"kind": "client", "client_id": "sis-1", "role": "registrar", "organisation_id": "01a00000-0000-7000-8000-000000000003"},
    "context": {
        "operation": "exchange-match",
        "citations": ["34 CFR 99.31"],
        "count": 3,
        "elements": ["identity.name"],
        "exchange_id": "01a00000-0000-7000-8000-000000000004",
        "threat": "ein Text: \u00e4\u20ac\U0001f600 \"'\\/\b\f\n\r\t\x01\x1f\x7f\u2028",
        "recipient_organisation": "https://birch.example#7",
    },
    "digests": {"ct": "A" * 43},
}
places = st.sampled_from(
    [(member,) for member in (*EVENT, "v", "policy_hash", "decision_token", "more")]
    + [("actor", member) for member in (*Actor.model_fields, "more")]
    + [("context", member) for member in (*Context.model_fields, "more")]
    + [("digests", member) for member in ("ct", "pt_commit", "decision")]
)
texts = st.text(st.characters(codec="utf-8"), max_size=12)
values: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2**70),
    st.floats(allow_nan=False),
    texts,
    st.uuids().map(str),
    st.uuids().map(lambda one: one.hex.upper()),
    st.uuids().map(lambda one: one.urn),
    st.from_regex(r"[a-z0-9][a-z0-9._:-]{0,70}\n?", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_-]{42}[A-Za-z0-9_-]\n?", fullmatch=True),
    st.sampled_from(["match", "client", "127.0.0.1", "x" * 201, "é" * 200, "1", "1.0", "::1"]),
    st.lists(st.sampled_from(["identity.name", "identity.name\n", "a", "x" * 65]) | texts, max_size=66),
    st.lists(st.uuids().map(str), max_size=3),
    st.just({}),
)


def changed(changes: list[tuple[tuple[str, ...], Any]]) -> bytes:
    event = json.loads(json.dumps(EVENT))
    for place, value in changes:
        within = event
        for member in place[:-1]:
            within = within.setdefault(member, {}) if isinstance(within.get(member, {}), dict) else {}
        within[place[-1]] = value
    return json.dumps({"events": [event]}, ensure_ascii=False).encode("utf-8", "surrogatepass")


def required_alike(text: bytes) -> bool:
    """Gives whether the text is read quickly; if so, it is what the model reads."""
    quick = quickly_read(text)
    if quick is None:
        return False
    model = AppendRequest.model_validate_json(text)
    assert (quick.acknowledge, len(quick.events)) == (model.acknowledge, len(model.events))
    for one, other in zip(quick.events, model.events, strict=True):
        for member in Event.model_fields:
            if member not in ("actor", "context", "digests"):
                assert getattr(one, member) == getattr(other, member)
        for part in ("actor", "context"):
            assert canonical_part(getattr(one, part)) == canonical_part(getattr(other, part))
        assert draft_of(one, producer="records", digest_key=b"k") == draft_of(other, producer="records", digest_key=b"k")
    return True


@given(st.lists(st.tuples(places, values), max_size=3))
@settings(max_examples=1500)
@example([])
@example([(("custodians",), [str(UUID(int=n)) for n in range(2)])])
@example([(("context", "operation"), "exchange-match\n")])
@example([(("key",), "records:1\n")])
@example([(("context", "threat"), "\ud800")])
@example([(("subjects",), ["01a00000-0000-7000-8000-00000000000"])])
def test_what_is_read_quickly_is_what_the_model_reads(changes: list[tuple[tuple[str, ...], Any]]) -> None:
    required_alike(changed(changes))


@given(st.data())
@settings(max_examples=1500)
def test_bytes_that_are_wrong_anywhere_are_never_read_as_something_else(data: st.DataObject) -> None:
    text = bytearray(json.dumps({"events": [EVENT]}, ensure_ascii=data.draw(st.booleans())).encode())
    for _ in range(data.draw(st.integers(1, 2))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 2))] = data.draw(
            st.binary(max_size=2) | st.sampled_from([b"\\u0000", b"\\ud83d", b'","v":1,"v":"', b"0", b"e1", b"-", b"\n"])
        )
    try:
        required_alike(bytes(text))
    except ValidationError as refused:
        pytest.fail(f"the model refuses it: {refused.errors()[0]['type']}")


def test_what_services_send_is_read_quickly() -> None:
    assert required_alike(changed([]))


def test_one_member_alone_is_left_to_the_model() -> None:
    event = msgspec.inspect.type_info(_QUICK._decoder.type).fields[0].type.item_type  # type: ignore[union-attr]
    parts = {one.name: {member.name for member in one.type.fields} for one in event.fields if hasattr(one.type, "fields")}
    left = {part: set(model.model_fields) - parts[part] for part, model in (("actor", Actor), ("context", Context))}
    assert left == {"actor": {"address"}, "context": set()}
    assert {one.name for one in event.fields} == set(Event.model_fields)
    assert _QUICK.read(changed([(("actor", "address"), "::ffff:127.0.0.1")])) is None


class Judging(BaseModel):
    one: int = 1

    @model_validator(mode="after")
    def _is_one(self) -> "Judging":
        return self


class Ours(BaseModel):
    one: Annotated[str, AfterValidator(str.upper)]


class Cleaned(BaseModel):
    one: Annotated[str, StringConstraints(strip_whitespace=True)]


class Unanchored(BaseModel):
    one: Annotated[str, StringConstraints(pattern="a")]


class Stepped(BaseModel):
    one: Annotated[int, Field(multiple_of=3)]


@pytest.mark.parametrize("model", [Judging, Ours, Cleaned, Unanchored, Stepped])
def test_a_rule_that_cannot_be_told_is_not_left_out_in_silence(model: type[BaseModel]) -> None:
    with pytest.raises(CannotBeTold):
        struct_of(model)


def test_a_validator_that_the_caller_sees_to_is_named() -> None:
    assert QuickReader(Judging, judged={"_is_one"}).read(b'{"one":2}').one == 2

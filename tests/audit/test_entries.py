"""Drafts, leaves and seals: equal to the SDK's slow forms, bound to their place, and silent about persons."""

import os
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safepassage.canonical import canonical_json, to_base64url
from safepassage.leaf import ABSENT, commitment, leaf_bytes, parse_leaf, subject_commitment, subject_leaf
from services.audit.drafts import KINDS, Draft, draft_of, event_key
from services.audit.entries import Entry, SealingKey, entries_of
from services.audit.school_years import key_epoch, log_year, node_tag, student_tag
from services.audit.sealing import BUCKET, NONCE_BYTES, Group, Opened, SealBroken, entry_binding, open_sealed, seal
from shared.contracts.audit import MAY_WRITE, Actor, Context, Digests, Event

ORIGIN = "alder.example/log/2026"
KEY = b"k" * 32
NODE = SealingKey.of(b"n" * 16, os.urandom(32))
texts = st.text(st.characters(codec="utf-8"), max_size=30)
uuids = st.uuids()
codes = st.from_regex(r"[a-z0-9][a-z0-9._:-]{0,20}", fullmatch=True)
digests = st.binary(min_size=32, max_size=32)

contexts = st.builds(
    Context,
    operation=codes,
    outcome=st.none() | codes,
    recipient_organisation=st.none() | texts,
    citations=st.lists(texts, max_size=3).map(tuple),
    elements=st.lists(st.sampled_from(["identity.name", "health.alerts"]), max_size=2).map(tuple),
    exchange_id=st.none() | uuids,
    peer_checkpoint=st.none() | texts,
    threat=st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=200),
    count=st.none() | st.integers(0, 2**40),
)
actors = st.builds(
    Actor, kind=st.just("client"), client_id=st.none() | texts, organisation_id=st.none() | uuids, acting_for=st.none() | uuids
)


def an_event(**changes: object) -> Event:
    fields: dict[str, object] = {
        "class": "match",
        "key": "key-1",
        "subjects": (uuid4(),),
        "actor": Actor(kind="system", job="j"),
        "context": Context(operation="o"),
    }
    return Event.model_validate(fields | changes)


def keys_of(draft: Draft) -> dict[str, SealingKey]:
    return {student: SealingKey.of(os.urandom(16), os.urandom(32)) for student in draft.outline.subjects}


def opened(entry: Entry, keys: dict[str, SealingKey]) -> list[dict[Group, Opened]]:
    ciphers = {key.key_id: key.cipher for key in (NODE, *keys.values())}
    bound = entry_binding(ORIGIN, str(parse_leaf(entry.leaf).id))
    return [open_sealed(ciphers[part.key_id], part.groups, bound_to=bound) for part in entry.sealed]


@given(actors, contexts)
@settings(max_examples=80, deadline=None)
def test_actor_and_context_are_canonical_as_pydantic_writes_them(actor: Actor, context: Context) -> None:
    draft = draft_of(an_event(actor=actor, context=context), producer="records", digest_key=KEY)
    assert draft.actor == canonical_json(actor.model_dump(mode="json", exclude_defaults=True))
    assert draft.context == canonical_json(context.model_dump(mode="json", exclude_defaults=True))


def test_members_of_actor_and_context_are_in_alphabetical_order() -> None:
    for model in (Actor, Context):
        assert list(model.model_fields) == sorted(model.model_fields)


@given(st.lists(uuids, max_size=3, unique=True), st.sampled_from(sorted(KINDS)), st.none() | digests, st.integers(1_700_000_000, 2**33))
@settings(max_examples=40, deadline=None)
def test_the_leaf_is_the_one_that_the_sdk_builds_and_what_is_sealed_opens_to_it(
    subjects: list[UUID], class_: str, ct: bytes | None, t: int
) -> None:
    from_ct = None if ct is None else leaf_bytes(class_=class_, t=t, id=uuid4(), actor=ct, context=ct, subject=ct, key_epoch=1)
    one = an_event(**{"class": class_, "subjects": tuple(subjects), "custodians": (uuid4(),)})
    if from_ct is not None and ct is not None:
        one = one.model_copy(update={"digests": Digests(ct=parse_leaf(from_ct).commitments.actor)})
    draft = draft_of(one, producer="records", digest_key=KEY)
    keys = keys_of(draft)
    (entry,) = entries_of([draft], origin=ORIGIN, t=t, epoch=key_epoch(t), node_key=NODE, keys=keys)
    leaf = parse_leaf(entry.leaf)
    parts = opened(entry, keys)
    actor, context = parts[0]["actor"], parts[0]["context"]
    people = [part["subject"] for part in parts if "subject" in part]
    assert (
        leaf_bytes(
            class_=class_,
            t=t,
            id=leaf.id,
            actor=commitment(salt=actor.salt, payload=actor.payload),
            context=commitment(salt=context.salt, payload=context.payload),
            subject=subject_commitment([subject_leaf(salt=one.salt, payload=one.payload) for one in people]),
            ct=ct,
            key_epoch=key_epoch(t),
        )
        == entry.leaf
    )
    assert (entry.leaf_hash, entry.leaf_text) == (sha256(b"\x00" + entry.leaf).digest(), to_base64url(entry.leaf))
    assert [one.payload.get("student") for one in people] == ([str(subject) for subject in subjects] or [None])
    assert (leaf.id.version, leaf.id.int >> 80) == (7, t * 1000)
    assert len({one.salt for one in (actor, context, *people)}) == 2 + len(people)


def test_the_size_of_a_leaf_depends_on_its_class_alone() -> None:
    small = an_event(subjects=())
    large = an_event(
        subjects=tuple(uuid4() for _ in range(40)),
        context=Context(operation="o" * 60, citations=("x" * 200,) * 5),
        digests=Digests(ct=ABSENT[:-1] + "E"),
        policy_hash=ABSENT,
    )
    sizes = set()
    for one in (small, large):
        draft = draft_of(one, producer="records", digest_key=KEY)
        (entry,) = entries_of([draft], origin=ORIGIN, t=1_790_000_000, epoch=2027, node_key=NODE, keys=keys_of(draft))
        sizes.add(len(entry.leaf))
    assert len(sizes) == 1


def test_a_leaf_tells_nothing_of_the_person_the_actor_or_the_context() -> None:
    student, custodian = uuid4(), uuid4()
    one = an_event(subjects=(student,), custodians=(custodian,), actor=Actor(kind="client", client_id="canary-client"))
    draft = draft_of(one, producer="records", digest_key=KEY)
    leaves = [entries_of([draft], origin=ORIGIN, t=1_790_000_000, epoch=2027, node_key=NODE, keys=keys_of(draft))[0].leaf for _ in range(2)]
    for value in (str(student), student.hex, str(custodian), "canary-client"):
        assert value.encode() not in leaves[0]
    first, second = (parse_leaf(leaf).commitments for leaf in leaves)
    assert {first.subject, first.actor, first.context}.isdisjoint({second.subject, second.actor, second.context})


def test_what_is_sealed_is_padded_and_bound_to_log_and_entry() -> None:
    draft = draft_of(an_event(), producer="records", digest_key=KEY)
    keys = keys_of(draft)
    (entry,) = entries_of([draft], origin=ORIGIN, t=1_790_000_000, epoch=2027, node_key=NODE, keys=keys)
    (part,) = entry.sealed
    cipher = keys[draft.outline.subjects[0]].cipher
    entry_id = str(parse_leaf(entry.leaf).id)
    assert (len(part.groups) - NONCE_BYTES - 16) % BUCKET == 0
    assert set(open_sealed(cipher, part.groups, bound_to=entry_binding(ORIGIN, entry_id))) == {"subject", "actor", "context"}
    for bound in (entry_binding("birch.example/log/2026", entry_id), entry_binding(ORIGIN, str(uuid4()))):
        with pytest.raises(SealBroken):
            open_sealed(cipher, part.groups, bound_to=bound)
    for broken in (part.groups[:-1], part.groups[:20] + bytes([part.groups[20] ^ 1]) + part.groups[21:], b""):
        with pytest.raises(SealBroken):
            open_sealed(cipher, broken, bound_to=entry_binding(ORIGIN, entry_id))


@pytest.mark.parametrize("groups", [b"\x09\x00\x00\x22" + bytes(32) + b"{}", b"\x01\x00\x00\x22" + bytes(32), b"\x01\x00"])
def test_a_seal_that_holds_no_groups_is_refused_whoever_made_it(groups: bytes) -> None:
    sealed = seal(NODE.cipher, os.urandom(NONCE_BYTES), groups, b"bound")
    with pytest.raises(SealBroken):
        open_sealed(NODE.cipher, sealed, bound_to=b"bound")


def test_events_with_one_key_are_told_apart_by_every_member() -> None:
    student = uuid4()
    base = an_event(subjects=(student,))
    changes: list[dict[str, object]] = [
        {"class_": "load"},
        {"subjects": ()},
        {"subjects": (uuid4(),)},
        {"custodians": (uuid4(),)},
        {"actor": Actor(kind="system", job="other")},
        {"context": Context(operation="other")},
        {"digests": Digests(ct=ABSENT[:-1] + "E")},
        {"digests": Digests(decision=ABSENT[:-1] + "E")},
        {"policy_hash": ABSENT[:-1] + "E"},
        {"decision_token": "a.b.c"},
    ]
    seen = {draft_of(base.model_copy(update=change), producer="p", digest_key=KEY).outline.event_digest for change in ({}, *changes)}
    assert len(seen) == len(changes) + 1
    assert draft_of(base, producer="p", digest_key=b"other").outline.event_digest not in seen
    assert (
        draft_of(Event.model_validate_json(base.model_dump_json(by_alias=True)), producer="p", digest_key=KEY).outline.event_digest in seen
    )


def test_keys_lie_in_the_order_of_the_time_in_them() -> None:
    early, late = "01900000-0000-7000-8000-000000000000", "01a00000-0000-7000-8000-000000000000"
    assert event_key("records", f"z:{early}:received") < event_key("records", f"a:{late}")
    assert event_key("records", "no-time")[:6] == bytes(6)
    assert event_key("records", early) != event_key("privacy", early)
    assert len(event_key("records", early)) == len(event_key("records", "x")) == 22


def test_every_class_has_a_number_of_its_own() -> None:
    assert set(KINDS) == set().union(*MAY_WRITE.values())
    assert len(set(KINDS.values())) == len(KINDS)


def test_a_school_year_begins_in_july_and_a_log_in_january() -> None:
    def seconds(*day: int) -> int:
        return int(datetime(*day, tzinfo=UTC).timestamp())  # type: ignore[arg-type,misc]  # year, month, day

    assert [key_epoch(seconds(2026, month, 1)) for month in (1, 6, 7, 12)] == [2026, 2026, 2027, 2027]
    assert log_year(seconds(2027, 1, 1) - 1) == 2026
    assert log_year(seconds(2027, 1, 1)) == 2027


def test_tags_differ_by_student_and_by_year() -> None:
    one, other = str(uuid4()), str(uuid4())
    assert student_tag(KEY, one) == student_tag(KEY, one)
    assert len({student_tag(KEY, one), student_tag(KEY, other), student_tag(b"2027", one), node_tag(KEY)}) == 4

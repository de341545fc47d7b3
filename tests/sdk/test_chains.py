"""A chain is what the logs and the signed messages show, or it is refused: whoever assembled it, and whatever else they signed."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from safepassage.canonical import from_base64url, to_base64url
from safepassage.chain_links import bind, categories_of
from safepassage.chain_messages import ChainAnswer, ChainMessages, kept_messages
from safepassage.chain_part import MAX_LENGTH, ChainPart, Proven
from safepassage.chains import told_of
from safepassage.compact import split
from safepassage.leaf import parse_leaf
from safepassage.problems import SuiteError
from safepassage.problems.chains import ChainNotProven
from safepassage.problems.envelopes import WrongLeaf
from safepassage.wire_chain import RedisclosureChain, SignedChain
from safepassage.wire_log import LogEntry, OpenedGroup
from tests.sdk import rfc9162
from tests.sdk.chain import CITY, Chain, entry_of
from tests.sdk.exchange import ALDER, BIRCH, SALT, SECONDS

ACTS = ["requested", "request-received", "disclosed", "received", "receipt-recorded", "filed", "outcome-recorded"]


@pytest.fixture(scope="module")
def chain() -> Chain:
    return Chain()


def test_a_whole_chain_is_proven_and_told_in_its_order(chain: Chain) -> None:
    told = chain.verify(chain.signed())
    assert [link.act for link in told.links] == ACTS
    assert [link.node for link in told.links] == [BIRCH, ALDER, ALDER, BIRCH, ALDER, BIRCH, ALDER]
    assert (told.outcome, told.purpose, told.basis, told.origin, told.missing) == ("applied", "enrollment", "transfer", CITY, ())
    assert told.categories == categories_of({"elements": ["identity.name", "health.alerts"]}) != ()
    assert [(tie.by, tie.names_log) for tie in told.ties] == [
        ("request", chain.exchange.birch_log.origin),
        ("envelope", chain.exchange.alder_log.origin),
        ("receipt", chain.exchange.birch_log.origin),
        ("receipt", chain.exchange.birch_log.origin),
    ]
    received = told.links[3]
    assert (received.from_, received.to) == (ALDER, f"{BIRCH}#birch-elementary")
    assert received.redisclosure_notice is not None


def test_an_arrival_may_be_logged_without_a_commitment_to_what_is_inside() -> None:
    silent = Chain(arrival_without_commitment=True)
    told = silent.verify(silent.signed())
    assert ([link.act for link in told.links], told.missing) == (ACTS, ())


@pytest.mark.parametrize("odd", [{"elements": 5}, {"elements": [[]]}, {"purpose": 5}, {"basis": "No code"}])
def test_what_no_entry_of_the_kind_would_say_is_not_believed(odd: dict[str, Any]) -> None:
    with pytest.raises(ChainNotProven):
        Chain(lies={"filed": odd}).assembled()


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    """Every value of a document that is no object or array, and every empty array, with its place."""
    if isinstance(value, dict):
        return [found for name, member in value.items() for found in leaves(member, (*path, name))]
    if isinstance(value, list) and value:
        return [found for place, member in enumerate(value) for found in leaves(member, (*path, place))]
    return [(path, value)]


def altered(value: Any) -> list[Any]:
    """Values of the same kind that are another one."""
    if isinstance(value, bool) or value is None:
        return [None] if value is not None else []
    if isinstance(value, int):
        return [value + 1]
    if isinstance(value, str):
        last = "A" if value[-1:] not in "aA" else "B"  # an identifier is the same in either case
        return [value[:-1] + last, value[:5] + ("x" if value[5:6] != "x" else "y") + value[6:]]
    return []


def with_value(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    if isinstance(document, dict):
        return {**document, path[0]: with_value(document[path[0]], path[1:], value)}
    return [with_value(one, path[1:], value) if place == path[0] else one for place, one in enumerate(document)]


def refused(chain: Chain, document: Any, *, signed_again: bool) -> bool:
    """Whether a document is refused: as it is, or signed again by the node that assembled it."""
    try:
        signed = SignedChain.model_validate(document)
    except ValueError:
        return True
    try:
        chain.verify(chain.signed(signed.chain) if signed_again else signed)
    except SuiteError:
        return True
    return False


NODES_WORD = {"peer", "inside", "inside_left_out", "inside_not_looked_at", "assembled_at"}


@pytest.mark.requirement("LOG-CHAIN")
def test_every_altered_field_is_found_also_where_the_assembling_node_signs_it_again(chain: Chain) -> None:
    document = chain.signed().model_dump(mode="json", by_alias=True)
    fields = leaves(document)
    assert len(fields) > 120
    for path, value in fields:
        for other in altered(value):
            changed = with_value(document, path, other)
            assert refused(chain, changed, signed_again=False), path
            if path[0] == "chain" and path[1] not in NODES_WORD:
                assert refused(chain, changed, signed_again=True), path


OF_ONE_WORD = {"iat", "origin", "destroyed_at"}
"""Members of a part that are its node's word."""


@pytest.mark.parametrize("node", [ALDER, BIRCH])
def test_every_altered_field_of_a_part_is_found_also_where_its_node_signs_it_again(chain: Chain, node: str) -> None:
    whole, other = chain.assembled(), chain.part(ALDER if node == BIRCH else BIRCH)
    part = chain.part(node).model_dump(mode="json", by_alias=True)
    for path, value in leaves(part):
        if OF_ONE_WORD & set(path):
            continue
        for changed in altered(value):
            token = chain.signer(node).sign_claims(with_value(part, path, changed), typ=ChainPart.TYPE)
            tokens = (token, chain.signer(other.iss).sign(other))
            parts = tokens if node == BIRCH else tokens[::-1]
            with pytest.raises((SuiteError, ValueError)):
                told = told_again(chain, whole.model_copy(update={"parts": parts}))
                pytest.fail(f"{path}: {told.links}")


def told_again(chain: Chain, whole: RedisclosureChain) -> RedisclosureChain:
    """The chain as a node tells it that does not look at what it is given, if anybody believes it."""
    parts = [ChainPart.model_validate(split(token, max_length=MAX_LENGTH)[1]) for token in whole.parts]
    said = kept_messages(whole.messages)
    proven = [link for part in parts for link in believed(part)]
    bound = bind(said, proven, asked=BIRCH, peer="answered")
    return chain.verify(chain.signed(whole.model_copy(update=told_of(said, bound, parts))))


def believed(part: ChainPart) -> list[Proven]:
    """The entries of a part, nothing of it proven."""
    found = []
    for link in part.links:
        entry, context = from_base64url(link.entry), None if link.context is None else link.context.payload
        origin = part.checkpoints[0].partition("\n")[0]
        found.append(Proven(link.act, link.envelope_id, part.iss, origin, link.index, entry, parse_leaf(entry), context, link.destroyed_at))
    return found


@pytest.mark.parametrize("name", ["envelope", "r1", "r2"])
def test_every_altered_field_of_a_message_that_the_other_node_pinned_is_found(chain: Chain, name: str) -> None:
    """Also where its signer signs it again: the other log has the digest of what was sent."""
    answer, whole = chain.messages.answers[0], chain.assembled()
    token = getattr(answer, name)
    signer = chain.exchange.alder if name == "envelope" else chain.exchange.birch
    typ = split(token)[0]["typ"]
    for path, value in leaves(claims(token)):
        for changed in altered(value):
            forged = answer.model_copy(update={name: signer.sign_claims(with_value(claims(token), path, changed), typ=typ)})
            messages = chain.messages.model_copy(update={"answers": (forged,)})
            with pytest.raises((SuiteError, ValueError)):
                told_again(chain, whole.model_copy(update={"messages": messages}))
                pytest.fail(f"{path}")


@pytest.mark.parametrize("member", ["links", "ties", "missing"])
def test_nothing_is_left_out_added_or_moved(chain: Chain, member: str) -> None:
    whole = chain.assembled()
    listed = getattr(whole, member)
    variants = [listed[:at] + listed[at + 1 :] for at in range(len(listed))] + [listed[::-1]] * (len(listed) > 1)
    if member == "missing":
        other = chain.assembled(chain.part(BIRCH), peer="unreachable").missing
        variants = [other, other[:1]]
    for variant in variants:
        with pytest.raises(ChainNotProven, match=member):
            chain.verify(chain.signed(whole.model_copy(update={member: variant})))


def test_an_entry_that_a_part_leaves_out_is_told_as_missing(chain: Chain) -> None:
    part = chain.part(BIRCH)
    without = part.model_copy(update={"links": tuple(link for link in part.links if link.act != "filed")})
    told = chain.verify(chain.signed(chain.assembled(without, chain.part(ALDER))))
    assert [(one.act, one.node, one.why) for one in told.missing] == [("filed", BIRCH, "not-yet")]


def without_r1(chain: Chain) -> tuple[ChainMessages, ChainPart]:
    """The messages and the part of a holder whom the answer with R1 has not reached."""
    answers = tuple(answer.model_copy(update={"r1": None}) for answer in chain.messages.answers)
    part = chain.part(ALDER)
    links = tuple(link for link in part.links if link.act != "receipt-recorded")
    return chain.messages.model_copy(update={"answers": answers}), part.model_copy(update={"links": links})


def test_an_outcome_that_is_recorded_stands_for_the_arrival_too(chain: Chain) -> None:
    messages, holders = without_r1(chain)
    for kept in (messages, chain.messages):  # as the holder has them, and as the requester has
        told = chain.verify(chain.signed(chain.assembled(chain.part(BIRCH), holders, messages=kept)))
        assert [link.act for link in told.links] == [act for act in ACTS if act != "receipt-recorded"]
        assert (told.outcome, told.missing) == ("applied", ())
    unrecorded = holders.model_copy(update={"links": tuple(link for link in holders.links if link.act != "outcome-recorded")})
    told = chain.verify(chain.signed(chain.assembled(chain.part(BIRCH), unrecorded)))
    assert [one.act for one in told.missing] == ["receipt-recorded", "outcome-recorded"]


def test_an_outcome_may_be_logged_by_an_entry_of_its_own() -> None:
    own = Chain(r2_has_its_own_entry=True)
    told = own.verify(own.signed())
    assert ([link.act for link in told.links], told.missing) == (ACTS, ())
    assert [tie.by for tie in told.ties] == ["request", "envelope", "receipt"]
    [answer] = own.messages.answers
    other = own.exchange.birch.sign_claims({**claims(answer.r2), "outcome": "received"}, typ="sp-receipt+jws")
    swapped = answer.model_copy(update={"r1": other})
    with pytest.raises(WrongLeaf):  # the arrival has the entry that the record was received, and no other
        own.verify(own.signed(own.assembled(messages=own.messages.model_copy(update={"answers": (swapped,)}))))


def test_without_the_other_part_stands_what_the_messages_prove_and_the_rest_is_missing(chain: Chain) -> None:
    told = chain.verify(chain.signed(chain.assembled(chain.part(BIRCH), peer="unreachable")))
    assert [link.act for link in told.links] == ["requested", "request-received", "disclosed", "received", "filed"]
    assert {(one.act, one.node, one.why) for one in told.missing} == {
        ("receipt-recorded", ALDER, "unreachable"),
        ("outcome-recorded", ALDER, "unreachable"),
    }
    assert (told.origin, told.basis) == (None, None)


@pytest.mark.parametrize("member", ["entry", "index", "path", "checkpoint"])
def test_where_a_part_is_missing_the_proof_in_the_message_has_to_hold(chain: Chain, member: str) -> None:
    other = chain.exchange.accepted().model_dump(mode="json", by_alias=True)[member]
    forged = chain.exchange.alder.sign_claims({**claims(chain.messages.accepted), member: other}, typ="sp-accepted+jws")
    messages = chain.messages.model_copy(update={"accepted": forged})
    with pytest.raises(SuiteError):
        chain.verify(chain.signed(chain.assembled(chain.part(BIRCH), peer="unreachable", messages=messages)))


def test_a_node_shows_in_its_part_the_entry_that_it_has_named_in_its_message() -> None:
    chain = Chain()
    again = entry_of("request", {"another": "time"}, ct=chain.exchange.request_digest)
    chain.exchange.alder_log.append(again)
    chain.logged["request-received"] = replace(chain.logged["request-received"], entry=again, context=None)
    with pytest.raises(ChainNotProven, match="names another entry"):
        chain.assembled()


def test_that_the_other_node_did_not_answer_is_not_said_beside_its_part(chain: Chain) -> None:
    for peer in ("unreachable", "refused", "not-proven"):
        with pytest.raises(ChainNotProven, match="parts"):
            chain.verify(chain.signed(chain.assembled().model_copy(update={"peer": peer})))


def test_a_holder_cannot_write_the_receipt_itself(chain: Chain) -> None:
    forged = chain.exchange.alder.sign_claims(claims(chain.messages.answers[0].r1), typ="sp-receipt+jws")
    answer = ChainAnswer(envelope=chain.messages.answers[0].envelope, r1=forged)
    whole = chain.assembled().model_copy(update={"messages": chain.messages.model_copy(update={"answers": (answer,)})})
    assert refused(chain, chain.signed(whole).model_dump(mode="json", by_alias=True), signed_again=False)


def test_one_key_never_speaks_for_both_nodes() -> None:
    chain = Chain()
    both = {**chain.exchange.alder.keys, **chain.exchange.birch.keys}
    chain.keys_of = lambda node: both  # type: ignore[method-assign]  # an auditor who has the keys, and not whose they are
    chain.verify(chain.signed())
    message = claims(chain.messages.answers[0].r1)
    forged = ChainAnswer(envelope=chain.messages.answers[0].envelope, r1=chain.exchange.alder.sign_claims(message, typ="sp-receipt+jws"))
    whole = chain.assembled().model_copy(update={"messages": chain.messages.model_copy(update={"answers": (forged,)})})
    with pytest.raises(ChainNotProven, match="one key"):
        chain.verify(chain.signed(whole))


def test_a_genuine_entry_of_something_else_has_no_place() -> None:
    chain = Chain()
    filed = chain.logged["filed"]
    filed.entry, filed.context = chain.logged["requested"].entry, None
    with pytest.raises(ChainNotProven, match="filed"):
        chain.assembled()


def test_an_entry_is_in_the_log_of_the_node_that_does_it(chain: Chain) -> None:
    """That Alder was asked is no proof that Birch has put its asking on record."""
    ours, theirs = chain.part(BIRCH), chain.part(ALDER)
    [was_asked] = [link for link in theirs.links if link.act == "request-received"]
    without = ours.model_copy(update={"links": tuple(link for link in ours.links if link.act != "requested")})
    moved = theirs.model_copy(update={"links": (*theirs.links, was_asked.model_copy(update={"act": "requested", "context": None}))})
    with pytest.raises(ChainNotProven, match="wrong node"):
        chain.assembled(without, moved)


def test_one_log_never_speaks_for_both_nodes() -> None:
    """Not even for an auditor who has the keys of both logs, and not whose they are."""
    chain = Chain()
    alder, birch = chain.exchange.alder_log, chain.exchange.birch_log
    chain.logs_of = lambda node: (alder.identity, birch.identity)  # type: ignore[method-assign]  # both, for either node
    chain.verify(chain.signed())
    ours = [replace(chain.logged[act], log=alder) for act in ("requested", "filed")]
    for one in ours:
        alder.append(one.entry)
    moved = chain.part(BIRCH, log=alder, links=tuple(chain.link(one, alder) for one in ours))
    with pytest.raises(ChainNotProven, match="one log"):
        chain.assembled(moved, chain.part(ALDER))


def test_a_log_that_shows_another_past_than_in_its_messages_is_found_out() -> None:
    chain = Chain()
    forked = chain.exchange.alder_log
    own = [one.entry for one in chain.logged.values() if one.log is forked]
    forked.entries = [entry if entry in own else forked.leaf(class_="trust", number=900 + at) for at, entry in enumerate(forked.entries)]
    for continues in ((), chain.part(ALDER).continues):
        forged = chain.part(ALDER, continues=continues)
        with pytest.raises(SuiteError) as caught:
            chain.verify(chain.signed(chain.assembled(chain.part(BIRCH), forged)))
        assert caught.value.code in ("consistency-not-proven", "consistency-not-shown")


@pytest.mark.parametrize(
    ("act", "lie"),
    [
        ("received", {"peer_index": 999}),
        ("received", {"peer_checkpoint": "another"}),
        ("received", {"outcome": "not-provided"}),
        ("received", {"exchange_id": str(UUID(int=1))}),
        ("filed", {"envelope_id": str(UUID(int=1))}),
        ("receipt-recorded", {"peer_index": 999}),
        ("receipt-recorded", {"peer_checkpoint": "another"}),
    ],
)
def test_a_cross_link_that_names_another_place_in_the_other_log_is_found(act: str, lie: dict[str, Any]) -> None:
    """The node has committed to it in its own log and signed it: it is no cross link all the same."""
    with pytest.raises(ChainNotProven, match=f"{act}: the entry says another {next(iter(lie))}"):
        Chain(lies={act: lie}).assembled()


def test_a_third_node_does_not_assemble_it(chain: Chain) -> None:
    whole = chain.assembled().model_copy(update={"assembled_by": "https://cedar.example"})
    with pytest.raises(SuiteError):
        chain.verify(chain.signed(whole))


def test_content_that_was_destroyed_leaves_the_chain_standing(chain: Chain) -> None:
    part = chain.part(BIRCH)
    gone = [link.model_copy(update={"context": None, "destroyed_at": part.iat}) for link in part.links]
    told = chain.verify(chain.signed(chain.assembled(part.model_copy(update={"links": tuple(gone)}), chain.part(ALDER))))
    assert [link.act for link in told.links] == ACTS
    assert {link.content for link in told.links if link.node == BIRCH} == {"destroyed"}
    assert len(told.ties) == 4
    assert told.categories == ()


def claims(token: str | None) -> dict[str, Any]:
    return split(token or "")[1]


def test_the_told_chain_is_the_schema_of_the_answer(chain: Chain) -> None:
    signed = chain.signed()
    assert RedisclosureChain.model_validate_json(signed.chain.model_dump_json(by_alias=True)) == signed.chain


def test_what_is_told_from_inside_the_node_is_proven_too(chain: Chain) -> None:
    one, log = chain.logged["received"], chain.exchange.birch_log
    entry = LogEntry(
        log=log.origin,
        index=one.index,
        class_="received",
        logged_at=datetime.fromtimestamp(SECONDS, UTC),
        entry=to_base64url(one.entry),
        path=tuple(map(to_base64url, rfc9162.path(one.index, log.entries))),
        checkpoint=log.checkpoint(),
        context=OpenedGroup(salt=to_base64url(SALT), payload=dict(one.context or {})),
    )
    whole = chain.assembled().model_copy(update={"inside": (entry,)})
    document = chain.signed(whole).model_dump(mode="json", by_alias=True)
    assert not refused(chain, document, signed_again=False)
    for path, value in leaves(document["chain"]["inside"], ("chain", "inside")):
        for other in altered(value):
            assert refused(chain, with_value(document, path, other), signed_again=True), path

"""Two suites of algorithms: an agency bound to those of FIPS exchanges with one that is not, both ways, and meets no other algorithm."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from node.folder import NodeFolder
from node.statement import sign_statement
from safepassage.compact import algorithm_in, algorithm_of
from safepassage.suites import MLKEM768_X25519, MLKEM1024_P384, SUITES
from services.records.exchange.sending import claims_of
from services.records.exchange.signing import ExchangeSigner, MessageKey
from shared.clock import system_clock
from shared.keys import KeyFileUnusable, SigningKey
from shared.p384_keys import P384SigningKey
from tests.conftest import StandingClock
from tests.records.exchange.two_states import TwoStates, running

pytestmark = pytest.mark.anyio

NIST, DEFAULT = MLKEM1024_P384.name, MLKEM768_X25519.name


@asynccontextmanager
async def with_suites(network: Path, folder: Path, **suites: tuple[str, ...]) -> AsyncIterator[TwoStates]:
    """The two nodes; of those that are named the operator has set the suites and signed the statement again."""
    shutil.copytree(network, folder)
    clock = StandingClock(system_clock())
    for name, listed in suites.items():
        node = NodeFolder(folder / name)
        (node.path / "node.json").write_text(node.file.model_copy(update={"exchange_suites": listed}).model_dump_json())
        sign_statement(node.file, node.keys, node.statement, now=clock())
    async with running(folder, clock) as states:
        yield states


async def exchanged(states: TwoStates) -> tuple[set[str], set[str]]:
    """Names of the suites, and algorithms of every signature, of one exchange that came to its end."""
    case = await states.queued()
    await case.finish()
    told, asked, request, envelope = await case.told(), await case.asked(), await case.request(), await case.package()
    [received] = await case.received()
    assert told.state == "applied"
    tokens = [asked.token, asked.accepted, envelope.jws, received.r1, received.r2]
    assert request.token == asked.token
    return {claims_of(envelope).suite}, {algorithm_in(token, max_length=200_000) for token in tokens if token is not None}


@pytest.mark.requirement("EX-suites")
async def test_an_agency_bound_to_fips_algorithms_asks_one_that_is_not(network: Path, tmp_path: Path) -> None:
    async with with_suites(network, tmp_path / "nodes", birch=(NIST,)) as states:
        assert await exchanged(states) == ({NIST}, {"ES384"})
        both = (await states.birch.exchange.statements.of(states.alder.entity_id)).message
        one = (await states.alder.exchange.statements.of(states.birch.entity_id)).message
        assert (both.suites, [key.alg for key in both.exchange_signing]) == (tuple(SUITES), ["Ed25519", "ES384"])
        assert (one.suites, [key.alg for key in one.exchange_signing]) == ((NIST,), ["ES384"])
        assert ({key.suite for key in both.encryption}, {key.suite for key in one.encryption}) == (set(SUITES), {NIST})
        assert {algorithm_of(key) for key in (await states.birch.exchange.signing_keys_of(states.alder.entity_id)).values()} == {"ES384"}


@pytest.mark.slow
@pytest.mark.requirement("EX-suites")
async def test_an_agency_bound_to_fips_algorithms_answers_one_that_is_not(network: Path, tmp_path: Path) -> None:
    async with with_suites(network, tmp_path / "nodes", alder=(NIST,)) as states:
        assert await exchanged(states) == ({NIST}, {"ES384"})


@pytest.mark.slow
async def test_two_that_list_both_use_what_the_recipient_prefers(network: Path, tmp_path: Path) -> None:
    async with with_suites(network, tmp_path / "nodes", birch=(NIST, DEFAULT)) as states:
        case = await states.queued()
        envelope = await case.package()
        assert (claims_of(envelope).suite, algorithm_in(envelope.jws or "")) == (NIST, "ES384")
        assert algorithm_in((await case.asked()).token, max_length=200_000) == "Ed25519"  # sealed to Alder, which prefers the default
        await case.finish()
        assert (await case.told()).state == "applied"


KEYS: dict[str, MessageKey] = {"Ed25519": SigningKey.generate(), "ES384": P384SigningKey.generate()}


def test_who_lists_one_suite_believes_and_signs_with_nothing_else() -> None:
    theirs = ExchangeSigner(KEYS, [DEFAULT, NIST])
    for name, algorithm in ((DEFAULT, "Ed25519"), (NIST, "ES384")):
        ours = ExchangeSigner(KEYS, [name])
        assert {algorithm_of(key) for key in ours.believed(theirs.public_keys()).values()} == {algorithm}
        for answered in (None, "no token", *(key.sign_compact(typ="t", payload={}) for key in KEYS.values())):
            assert algorithm_in(ours.sign_compact(typ="t", payload={}, answers=answered)) == algorithm
    assert ExchangeSigner(KEYS, [NIST]).believed(ExchangeSigner(KEYS, [DEFAULT]).public_keys()) == {}


def test_who_lists_both_answers_in_the_algorithm_of_what_is_answered() -> None:
    both = ExchangeSigner(KEYS, [DEFAULT, NIST])
    for algorithm, key in KEYS.items():
        assert algorithm_in(both.sign_compact(typ="t", payload={}, answers=key.sign_compact(typ="t", payload={}))) == algorithm
    for suite in SUITES.values():
        assert algorithm_in(both.sign_compact(typ="t", payload={}, suite=suite)) == suite.signature


def test_a_suite_whose_key_was_never_made_is_not_listed_and_without_any_nothing_starts() -> None:
    assert ExchangeSigner({"Ed25519": KEYS["Ed25519"]}, [NIST, DEFAULT]).suites == (DEFAULT,)
    with pytest.raises(KeyFileUnusable):
        ExchangeSigner({"Ed25519": KEYS["Ed25519"]}, [NIST])

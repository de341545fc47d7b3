"""A credential that comes in is kept whole: each text, number and yes or no in it is where it was, or it is refused and nothing is kept."""

import json
from copy import deepcopy
from typing import Any, Literal
from uuid import uuid4

import pytest

from safepassage.compact import ALGORITHM
from safepassage.credentials.issuers import did_of
from safepassage.credentials.status_list import StatusEntry
from safepassage.credentials.vc_jwt import read_unverified
from safepassage.problems.credentials import MemberNotSigned
from safepassage.wire_credentials import Identified
from safepassage.wire_educators import Educator, HeldMicroCredential, PresentedCredential
from services.records.credentials.issuer import Issuer
from services.records.tables import EducatorCredentialRow
from shared.keys import SigningKey
from tests.records.exchange.test_educator_credentials import educator, kept
from tests.records.exchange.two_states import TwoStates
from tests.records.formats.where_it_went import objects, put
from tests.sdk.vectors import vectors

pytestmark = pytest.mark.anyio

OF_1EDTECH = vectors("credentials")["1edtech"]
BADGES = ("ob30/complete.json", "ob30/simple.json")


def reissued(states: TwoStates, name: str) -> dict[str, Any]:
    """A credential that 1EdTech publishes, as Alder would have issued it today: all else in it as it is."""
    issuer = Issuer(states.alder.entity_id, signing_key(states))
    document: dict[str, Any] = deepcopy(OF_1EDTECH[name])
    document.pop("proof", None)
    document.pop("validUntil", None)
    document |= {
        "id": uuid4().urn,
        "validFrom": f"{states.clock():%Y-%m-%dT%H:%M:%SZ}",
        "credentialStatus": StatusEntry(issuer.list_url(1), 1).document(),
        "issuer": {**document["issuer"], "id": did_of(states.alder.entity_id)},
    }
    return document


def signing_key(states: TwoStates) -> SigningKey:
    key = states.alder.exchange.signing.keys[ALGORITHM]
    assert isinstance(key, SigningKey)
    return key


def every_leaf(value: Any, path: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], str]:
    """By place, what is said there as JSON has it: yes and no, and what is empty, too."""
    if isinstance(value, dict) and value:
        return {at: one for name, part in value.items() for at, one in every_leaf(part, (*path, name)).items()}
    if isinstance(value, list) and value:
        return {at: one for place, part in enumerate(value) for at, one in every_leaf(part, (*path, place)).items()}
    return {path: json.dumps(value)}


async def brought(states: TwoStates, there: Educator, made: dict[str, Any] | str) -> HeldMicroCredential:
    """The educator shows it to Birch's district."""
    seen = Identified(assurance_level="ial2", method="in-person", evidence_ref="licence desk 4", authenticated_at=states.clock())
    given = {"document": made} if isinstance(made, dict) else {"jwt": made}
    async with states.birch.client("new-district") as session:
        return await session.receive_educator_credential(PresentedCredential(educator=there, identified=seen, **given))


@pytest.mark.requirement("VC-educators")
@pytest.mark.parametrize("form", ["data-integrity", "jwt"])
@pytest.mark.parametrize("name", BADGES)
async def test_every_leaf_of_a_published_badge_is_in_what_is_kept_and_in_what_is_told(
    states: TwoStates, name: str, form: Literal["data-integrity", "jwt"]
) -> None:
    there, document = educator("XB"), reissued(states, name)
    made = Issuer(states.alder.entity_id, signing_key(states)).secured(document, form=form, now=states.clock())
    filed = await brought(states, there, made)
    [held] = await kept(states.birch, "new-district", there)
    assert held.id == filed.id
    assert (held.document, held.jwt) == (made if isinstance(made, dict) else None, made if isinstance(made, str) else None)
    told = held.document if held.document is not None else read_unverified(held.jwt or "")
    leaves = every_leaf(document)
    assert len(leaves) > (100 if "complete" in name else 10)
    assert {path: one for path, one in leaves.items() if every_leaf(told).get(path) != one} == {}


@pytest.mark.requirement("VC-educators")
@pytest.mark.parametrize("form", ["data-integrity", "jwt"])
async def test_what_an_issuer_says_anew_under_the_same_id_is_kept_beside_what_it_said(
    states: TwoStates, form: Literal["data-integrity", "jwt"]
) -> None:
    there, document = educator("XB"), reissued(states, "ob30/simple.json")
    issuer = Issuer(states.alder.entity_id, signing_key(states))
    texts = [issuer.secured(document | {"name": name}, form=form, now=states.clock()) for name in ("Teamwork", "Teamwork, revised")]
    first, anew, again = [await brought(states, there, texts[number]) for number in (0, 1, 0)]
    assert (first.id == again.id, first.id == anew.id) == (True, False)
    held = {one.id: one.document or one.jwt for one in await kept(states.birch, "new-district", there)}
    assert held == {first.id: texts[0], anew.id: texts[1]}


@pytest.mark.requirement("VC-educators")
async def test_what_no_context_defines_is_refused_wherever_it_stands_and_nothing_of_it_is_kept(states: TwoStates) -> None:
    issuer, document = Issuer(states.alder.entity_id, signing_key(states)), reissued(states, "ob30/simple.json")
    before = len(await states.birch.rows(EducatorCredentialRow))
    places = [path for path in objects(document) if path]
    assert len(places) > 3
    for path in places:
        made = issuer.secured(document, form="data-integrity", now=states.clock())
        assert isinstance(made, dict)
        seen = Identified(assurance_level="ial2", method="in-person", evidence_ref="licence desk 4", authenticated_at=states.clock())
        presented = PresentedCredential(educator=educator("XB"), identified=seen, document=put(made, (*path, "shoeSize"), "44"))
        async with states.birch.client("new-district") as session:
            with pytest.raises(MemberNotSigned):
                await session.receive_educator_credential(presented)
    assert len(await states.birch.rows(EducatorCredentialRow)) == before

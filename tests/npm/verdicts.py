"""What oidc-provider says of each negative that it is sent, beside what the node does. Of each table a right request is taken first."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

from tests.gateway.by_hand import Party
from tests.gateway.oauth import test_legacy
from tests.gateway.oauth.codes import test_pushed_negatives
from tests.gateway.registration import statements
from tests.gateway.registration.registering import metadata
from tests.npm.consenting import Consenting
from tests.npm.elsewhere import ACCEPTED, SCOPES, Elsewhere
from tests.npm.scripts import running
from tests.npm.sent import CHALLENGES, CONSENT, IN_OAUTHS_WORDS, NEGATIVES, OF_PEOPLE, PUSHED, REGISTRATION, SECRET

NO_WORDS: Final = cast("Any", None)
"""Of publishers: rows that need them are not sent."""


class Verdict(NamedTuple):
    """Of one negative."""

    module: str
    name: str
    ours: str
    theirs: str


async def verdicts(other: Elsewhere) -> AsyncIterator[Verdict]:
    """Of every one."""
    for of_module in (_machines, _pushed, _people, _registering, _secrets, _consenting):
        async for verdict in of_module(other):
            yield verdict


async def _machines(other: Elsewhere) -> AsyncIterator[Verdict]:
    for module, negatives in NEGATIVES.items():
        for negative in negatives:
            right, wrong = await other.right(negative.given), await other.right(negative.given)
            assert await other.verdict(right.sent()) == ACCEPTED, negative.name
            wrong.before = right
            negative.change(wrong)
            ours = negative.refusal.code
            yield Verdict(module, negative.name, CHALLENGES.get(ours, ours), await other.verdict(wrong.sent()))


async def _pushed(other: Elsewhere) -> AsyncIterator[Verdict]:
    assert await other.verdict(other.pushed({}).sent()) == ACCEPTED
    for name, (changes, error, _) in test_pushed_negatives.NEGATIVES.items():
        yield Verdict(PUSHED, name, error, await other.verdict(other.pushed(changes).sent()))


async def _people(other: Elsewhere) -> AsyncIterator[Verdict]:
    for module, table in OF_PEOPLE.items():
        asked = other.exchange if module == "code" else other.refresh
        assert await other.verdict((await asked({})).sent()) == ACCEPTED, module
        for name, (changes, error, _) in table.items():
            yield Verdict(module, name, error, await other.verdict((await asked(changes)).sent()))


async def _registering(other: Elsewhere) -> AsyncIterator[Verdict]:
    about = metadata(Party("", ""), scope=SCOPES[0])
    assert await other.registered(about, "good") == ACCEPTED
    for name, (change, whose, (_, error), _) in statements.REQUESTS.items():
        if name not in statements.OF_THIS_NODE:
            members = {member: value for member, value in (about | change(NO_WORDS)).items() if value is not None}
            yield Verdict(REGISTRATION, f"1: {name}", error, await other.registered(members, whose))
    for name, (made, (_, error)) in statements.BODIES.items():
        yield Verdict(REGISTRATION, f"2: {name}", error, await other.registered(made(json.dumps(about).encode()), "good"))


async def _secrets(other: Elsewhere) -> AsyncIterator[Verdict]:
    client_id, secret = "a-system", "s" * 64
    basic = ("authorization", "Basic " + b64encode(f"{client_id}:{secret}".encode()).decode())
    async with running("secrets_server.mjs", client_id=client_id, secret=secret, scope=test_legacy.CORE) as said:

        async def verdict(form: Mapping[str, str], headers: Sequence[tuple[str, str]] = ()) -> str:
            body = {"grant_type": "client_credentials", **form}
            async with other.session.post(f"{said['issuer']}/oauth/token", data=body, headers=[basic, *headers]) as answer:
                return ACCEPTED if answer.status == 200 else str((await answer.json())["error"])

        assert await verdict({}) == ACCEPTED
        for name, (form, headers, (_, error)) in test_legacy.FORMS.items():
            yield Verdict(SECRET, f"0: {name}", error, await verdict(form, headers))


async def _consenting(other: Elsewhere) -> AsyncIterator[Verdict]:
    scene = await Consenting.begun(other)
    assert await scene.right() == ACCEPTED
    for name, said in (await scene.verdicts()).items():
        yield Verdict(CONSENT, name, IN_OAUTHS_WORDS, said)
    assert await scene.right() == ACCEPTED

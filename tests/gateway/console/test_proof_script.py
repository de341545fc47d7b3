"""The proof, in a real browser: what the SDK's logs and witnesses make is proven, and what is wrong is refused for its own reason."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import services.gateway.console
from safepassage.canonical import canonical_json, to_base64url
from safepassage.leaf import commitment
from safepassage.notes import SignatureLine, parse_vkey
from safepassage.problems.problem import SuiteError
from safepassage.tlog_proof import parse_proof_file, verify_proof_file
from tests.chromium import Page, browser
from tests.gateway.console.proof_cases import BIRCH, BIRCH_ML_DSA, CEDAR, LOG, Case, GrownLog, entry_of, path_of
from tests.gateway.door.production import serving
from tests.sdk.cosigners import Cosigner, T, log_key
from tests.sdk.vectors import vectors

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

STATIC = Path(services.gateway.console.__file__).parent / "static"
LARGE = [2**31 - 1, 2**31, 2**31 + 1, 2**32, 2**32 + 5, 2**40 + 12_345, 2**53 - 1]
OTHER = log_key("other.example/log")
UNHEX = "const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (two) => parseInt(two, 16));"


class Script:
    """The script in a page of its own."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def each(self, asked: list[dict[str, Any]], *, module: str, does: str) -> list[dict[str, Any]]:
        """For each `one` that is asked what `does`, an expression over the `module`, gives as `done`, or the `reason` why not."""
        return list(
            await self.page.value(
                f"(async () => {{ const script = await import('/static/{module}'); {UNHEX} const all = [];"
                f"for (const one of {json.dumps(asked)}) {{ try {{ all.push({{done: await {does}}}) }}"
                "catch (error) { all.push({reason: error.reason ?? `not a reason: ${error}`}) } } return all })()"
            )
        )

    async def proven(self, *asked: dict[str, Any]) -> list[dict[str, Any]]:
        """What proof.js makes of proof files."""
        told = "(step, value) => told.push([step, value instanceof Uint8Array ? script.hex(value) : value])"
        verified = f"await script.verifyProof(one.file, one.trust, {told})"
        does = f"(async () => {{ const told = []; const done = {verified}; return {{told, ...done}} }})()"
        return await self.each(list(asked), module="proof.js", does=does)

    async def reason(self, asked: dict[str, Any]) -> str:
        """Why a proof file is refused."""
        (found,) = await self.proven(asked)
        return str(found.get("reason", "none: it was proven"))

    async def consistent(self, *asked: dict[str, Any]) -> list[dict[str, Any]]:
        """What merkle.js makes of two sizes of a log."""
        roots = "oldRoot: unhex(one.oldRoot), newRoot: unhex(one.newRoot), path: one.path.map(unhex)"
        return await self.each(
            list(asked), module="merkle.js", does=f"script.verifyConsistency({{...one, {roots}}}).then(() => 'consistent')"
        )


async def _empty(_: Request) -> HTMLResponse:
    return HTMLResponse("<!doctype html><title>Proof</title><link rel=icon href='data:,'>")


@pytest.fixture
async def script(tmp_path: Path) -> AsyncIterator[Script]:
    pages = Starlette(routes=[Route("/", _empty), Mount("/static", StaticFiles(directory=STATIC))])
    async with serving(pages) as port, browser() as page:
        await page.open(f"http://127.0.0.1:{port}/")
        await page.until("location.port !== '' && document.readyState === 'complete'")
        yield Script(page)


def flipped(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


async def test_a_right_proof_is_proven_and_tells_each_value_that_it_computes(script: Script) -> None:
    case = Case(witnesses=(BIRCH, BIRCH_ML_DSA, CEDAR))
    (found,) = await script.proven(case.asked())
    told = found["done"]["told"]
    assert [step for step, _ in told] == ["leaf", "root", "signed", "log", "witness", "witness", "witness"]
    assert told[1][1] == told[2][1] == case.root.hex()
    assert found["done"]["leaf"] == json.loads(case.entry)
    assert [(line["name"], line["checked"], line["at"]) for _, line in told[4:]] == [
        (BIRCH.key.name, True, T),
        (BIRCH.key.name, False, None),  # ML-DSA: told as not checked, never as good
        (CEDAR.key.name, True, T),
    ]


async def test_trees_of_every_size_are_climbed_far_beyond_what_a_shift_can_hold(script: Script) -> None:
    small = [(index, size) for size in range(1, 18) for index in range(size)]
    large = [(index, size) for size in LARGE for index in (0, 1, size // 3, size - 2, size - 1)]
    cases = [Case(index, size, entry=entry_of(index % 1000)) for index, size in small + large]
    found = await script.proven(*(case.asked() for case in cases))
    assert [(case.index, case.size) for case, one in zip(cases, found, strict=True) if "done" not in one] == []
    wrong = [replace(case, index=case.index ^ 1, trust={"index": case.index ^ 1}) for case in cases if case.index ^ 1 < case.size]
    refused = await script.proven(*(case.asked() for case in wrong))
    assert {one.get("reason") for one in refused} <= {"root-differs", "path-too-short", "path-too-long"}


REFUSED = {
    "root-differs": [
        Case(entry=entry_of(6), root=Case().root),
        Case(path=[flipped(Case().path[0]), *Case().path[1:]], root=Case().root),
        Case(path=[*Case().path[:-1], flipped(Case().path[-1])], root=Case().root),
        Case(path=[Case().path[1], Case().path[0], *Case().path[2:]], root=Case().root),
        Case(root=flipped(Case().root)),
        Case(index=4, entry=Case().entry, path=Case().path, root=Case().root),
    ],
    "path-too-short": [Case(path=Case().path[:-1], root=Case().root), Case(size=2**31 + 1, path=path_of(5, 2**31 + 1)[1:], root=b"r" * 32)],
    "path-too-long": [Case(path=[*Case().path, b"p" * 32], root=Case().root), Case(index=0, size=1, path=[b"p" * 32], root=b"r" * 32)],
    "index-beyond-log": [Case(index=index, path=Case().path, root=Case().root) for index in (13, 2**40)],
    "another-entry": [Case(trust={"index": 6})],
    "foreign-log": [Case(origin="cedar.example/log/2026"), Case(trust={"origin": "birch.example/log/2026"})],
    "log-did-not-sign": [
        Case(signers=()),
        Case(signers=(log_key(seed=b"\7" * 32),)),
        Case(trust={"logKeys": [log_key("other.example/log").key.vkey]}),
        Case(signers=(OTHER,), trust={"logKeys": [OTHER.key.vkey]}),
        Case(trust={"logKeys": [Cosigner("x.example", b"\1" * 32).key.vkey]}),
    ],
    "signature-invalid": [Case(signers=(), more_lines=[SignatureLine(LOG.key.name, LOG.key.key_id, b"\0" * 64)])],
    "cosignature-invalid": [
        Case(witnesses=(), more_lines=[SignatureLine(BIRCH.key.name, BIRCH.key.key_id, bytes(8) + BIRCH.sign(b"another"))]),
        Case(witnesses=(), more_lines=[replace(BIRCH.line(Case().note.partition("\n\n")[0].encode() + b"\n"), signature=b"\0" * 71)]),
    ],
    "entry-malformed": [
        Case(entry=b"not a leaf"),
        Case(entry=entry_of(5).replace(b'"v":1', b'"v":2')),
        Case(entry=entry_of(5)[:-1] + b',"w":1}'),
        Case(entry=entry_of(5) + b"\n"),
    ],
    "key-malformed": [Case(trust={"logKeys": ["alder"]}), Case(trust={"witnessKeys": ["birch.example/witness+00000000+"]})],
    "key-id-differs": [Case(trust={"logKeys": [LOG.key.vkey.replace(LOG.key.key_id.hex(), "00000000")]})],
}  # fmt: skip


@pytest.mark.parametrize("reason", REFUSED)
async def test_what_is_wrong_is_refused_for_its_own_reason(script: Script, reason: str) -> None:
    assert [await script.reason(case.asked()) for case in REFUSED[reason]] == [reason] * len(REFUSED[reason])


async def test_a_file_or_note_that_is_not_in_its_one_form_is_refused(script: Script) -> None:
    case = Case()
    right = case.file
    head, _, note = right.partition("\n\n")
    leaf = b64encode(case.entry).decode()
    wrong = {
        "proof-malformed": [
            "",
            right.replace("@v1", "@v2"),
            head,
            right.replace(f"extra {leaf}\n", ""),
            right.replace("index 5", "index 05"),
            right.replace("index 5", "index -5"),
            right.replace("index 5", "index 5.0"),
            right.replace("index 5", "index 5 "),
            right.replace(leaf, leaf[:-1]),
            right.replace("extra " + leaf, "extra AB=="),  # of the byte 0, with loose last bits
        ],
        "hash-length": [f"{head}\nAAAA\n\n{note}"],
        "number-out-of-range": [right.replace("index 5", f"index {2**53}"), right.replace("\n13\n", f"\n{2**53}\n")],
        "note-malformed": [
            right.replace("\n13\n", "\n013\n"),
            right.replace("\n13\n", "\n1e1\n"),
            right.replace("\u2014", "-"),
            right.replace("\u2014 alder", "\u2014  alder"),
            right[:-1],
            right.replace("\n13\n", "\n13\r\n"),
        ],
        "signature-invalid": [right.replace(f"\n13\n{note.split()[2]}\n", f"\n13\n{note.split()[2]}\nmore\n")],
    }
    found = await script.proven(*(case.asked(file=file) for files in wrong.values() for file in files))
    assert [one.get("reason") for one in found] == [reason for reason, files in wrong.items() for _ in files]


async def test_a_signature_of_the_log_that_a_browser_cannot_check_is_not_taken_for_good(script: Script) -> None:
    key = Cosigner(LOG.key.name, b"\5" * 32, BIRCH_ML_DSA.key.type)
    case = Case(signers=(), witnesses=(key,), trust={"logKeys": [key.key.vkey]})
    assert await script.reason(case.asked()) == "log-signature-not-checked-here"


async def test_random_trees_are_judged_as_the_sdk_judges_them(script: Script) -> None:
    random, cases = Random(0), list[tuple[dict[str, Any], str]]()
    for _ in range(400):
        size = random.randrange(1, 2 ** random.randrange(1, 53))
        case = Case(random.randrange(size), size)
        file = case.file
        if random.random() < 0.6:
            at = random.randrange(len(file))
            file = file[:at] + random.choice("0123456789ABCDEFabcdef+/= \n\u2014") + file[at + 1 :]
        cases.append((case.asked(file=file), file))
    judged = []
    for asked, file in cases:
        try:
            proof = parse_proof_file(file)
            keys = [parse_vkey(vkey) for vkey in asked["trust"]["logKeys"]]
            entry = proof.extra or b""
            verify_proof_file(proof, entry=entry, origin=asked["trust"]["origin"], keys=keys)
            judged.append(proof.index == asked["trust"]["index"])
        except SuiteError:
            judged.append(False)
    found = await script.proven(*({**asked, "trust": asked["trust"] | {"witnessKeys": []}} for asked, _ in cases))
    assert ["done" in one for one in found] == judged
    assert 100 < sum(judged) < 300


async def test_the_published_vectors_hold_in_the_browser(script: Script) -> None:
    hashes = "{...one, leaf: await script.leafHash(unhex(one.entry)), path: one.path.map(unhex), root: unhex(one.root)}"
    inclusion = await script.each(
        vectors("inclusion")["vectors"], module="merkle.js", does=f"script.verifyInclusion({hashes}).then(() => 'included')"
    )
    assert {one.get("done") for one in inclusion} == {"included"}
    renamed = [
        {
            "oldSize": one["old_size"],
            "newSize": one["new_size"],
            "oldRoot": one["old_root"],
            "newRoot": one["new_root"],
            "path": one["path"],
        }
        for one in vectors("consistency")["vectors"]
    ]
    assert {one.get("done") for one in await script.consistent(*renamed)} == {"consistent"}
    log, witnesses = vectors("notes")["checkpoint"], vectors("cosignatures")
    note = log["note"] + "".join(one["line"] for one in witnesses["cosignatures"])
    asked = {"note": note, "origin": log["origin"], "log": log["vkey"], "witnesses": [one["vkey"] for one in witnesses["cosignatures"]]}
    keys = (
        "{origin: one.origin, logKeys: [await script.readKey(one.log)], witnessKeys: await Promise.all(one.witnesses.map(script.readKey))}"
    )
    (found,) = await script.each([asked], module="signed-note.js", does=f"script.verifyCheckpoint(one.note, {keys})")
    assert [(one["checked"], one["at"]) for one in found["done"]["witnesses"]] == [(True, witnesses["timestamp"]), (False, None)]


async def test_a_log_of_any_size_is_shown_to_continue_an_older_one_and_a_rewritten_one_is_not(script: Script) -> None:
    sizes = [(old, new) for new in range(1, 18) for old in range(1, new + 1)]
    sizes += [(old, new) for new in LARGE for old in (1, 2, 3, new // 2, new // 3, new - 1, new)]
    logs = [GrownLog(old, new) for old, new in sizes]
    assert {one.get("done") for one in await script.consistent(*(log.asked() for log in logs))} == {"consistent"}
    other = "ff" * 32
    for name in ("oldRoot", "newRoot"):
        assert {one.get("reason") for one in await script.consistent(*(log.asked(**{name: other}) for log in logs))} == {"history-differs"}
    grown = [log for log in logs if log.path()]
    for place in (0, -1):
        changed = []
        for log in grown:
            path = [step.hex() for step in log.path()]
            path[place] = other
            changed.append(log.asked(path=path))
        assert {one.get("reason") for one in await script.consistent(*changed)} == {"history-differs"}
    longer = await script.consistent(*(log.asked(path=[*log.asked()["path"], other]) for log in logs))
    assert {one.get("reason") for one in longer} == {"path-too-long"}
    shorter = await script.consistent(*(log.asked(path=log.asked()["path"][:-1]) for log in grown))
    assert {one.get("reason") for one in shorter} == {"path-too-short"}
    unordered = await script.consistent(*(GrownLog(3, 7).asked(oldSize=old) for old in (0, 8)))
    assert [one.get("reason") for one in unordered] == ["sizes-not-ordered"] * 2


async def test_a_checkpoint_that_the_viewer_holds_is_compared_whichever_is_larger(script: Script) -> None:
    grown = GrownLog(2**31 + 1, 2**32 + 5).asked()
    old, new = ({"origin": "a", "size": grown[f"{one}Size"], "root": grown[f"{one}Root"]} for one in ("old", "new"))
    pairs = [
        (old, new),
        (new, old),
        (old, old),
        (old, {**old, "root": new["root"]}),
        (old, {**new, "origin": "b"}),
        (new, {**old, "size": 0}),
    ]
    asked = [{"one": one, "other": other, "path": grown["path"], "sizes": [old["size"], new["size"]]} for one, other in pairs]
    hold = "({...one.%s, root: unhex(one.%s.root)})"
    between = "(old, now) => old === one.sizes[0] && now === one.sizes[1] ? one.path.map(unhex) : []"
    does = f"script.verifyOneHistory({hold % ('one', 'one')}, {hold % ('other', 'other')}, {between}).then(() => 'one history')"
    found = await script.each(asked, module="proof.js", does=does)
    right = {"done": "one history"}
    assert found == [right, right, right, {"reason": "history-differs"}, {"reason": "foreign-log"}, right]


async def test_what_was_sealed_is_shown_to_be_what_the_leaf_committed_to(script: Script) -> None:
    def opening(one: dict[str, Any], **changed: Any) -> dict[str, Any]:
        content = to_base64url(canonical_json(one["payload"]))
        return {"committed": one["commitment"], "salt": to_base64url(bytes.fromhex(one["salt"])), "content": content} | changed

    first, *_ = given = vectors("leaf")["commitments"]
    found = await script.each([opening(one) for one in given], module="proof.js", does="script.verifyOpening(one)")
    assert [one.get("done") for one in found] == [one["payload"] for one in given]
    salt, payload = b"\1" * 31 + b" ", {"operation": "read"}
    moved = {
        "committed": to_base64url(commitment(salt=salt, payload=payload)),
        "salt": to_base64url(salt[:-1]),
        "content": to_base64url(salt[-1:] + canonical_json(payload)),
    }
    wrong = [
        moved,
        opening(first, content=to_base64url(b"{}")),
        opening(first, salt=to_base64url(b"\0" * 32)),
        opening(first, salt=to_base64url(b"\1" * 31)),
        opening(first, committed=given[1]["commitment"]),
        opening(first, alone=True),
    ]
    refused = await script.each(wrong, module="proof.js", does="script.verifyOpening(one)")
    assert [one.get("reason") for one in refused] == ["opening-differs"] * len(wrong)

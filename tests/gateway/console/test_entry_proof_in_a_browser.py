"""An entry's proof on its page, in a real browser: a real entry is proven, what was tampered with is refused with its reason."""

import json
from base64 import b64decode, b64encode
from typing import Any

import pytest

from services.gateway.console.proof_words import REASONS, SAYS
from tests.gateway.console.foreign.of_log import place_of_entry
from tests.gateway.console.proof_cases import BIRCH, BIRCH_ML_DSA, CEDAR, Case
from tests.gateway.console.test_console_in_a_browser import Looked, looked
from tests.sdk.cosigners import Cosigner

__all__ = ["looked"]

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

LOG = "/console/log"
SHOWN = (
    "(() => ({verdict: document.getElementById('verdict').innerText, tone: document.getElementById('verdict').className,"
    "raw: document.getElementById('raw').innerText,"
    "steps: Object.fromEntries([...document.querySelectorAll('[data-step]')].map("
    "one => [one.dataset.step, [one.className, one.querySelector('.found').innerText]]))}))()"
)
GIVEN = (
    "window.real = window.real ?? fetch;"
    "window.fetch = async (address, how) => String(address).endsWith('/proof') ? new Response(%s) : real(address, how)"
)


async def opened(looked: Looked) -> dict[str, Any]:
    """The page of a real entry, and what it is given to check."""
    place = await place_of_entry(looked.console)
    await looked.go(f"{LOG}/{place}")
    await looked.page.until("!document.getElementById('check').hidden")
    bundle = await looked.page.value(f"fetch('{LOG}/{place}/proof').then(one => one.json())")
    assert isinstance(bundle, dict)
    return bundle


async def checked(looked: Looked, given: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the page says after its button was pressed. `given`: what it gets instead of what the node gives."""
    if given is not None:
        await looked.page.value(GIVEN % json.dumps(json.dumps(given)))
    await looked.page.value("document.getElementById('check').click()")
    await looked.page.until("document.getElementById('verdict').innerText !== '' && !document.getElementById('check').disabled")
    shown: dict[str, Any] = await looked.page.value(SHOWN)
    return shown


def said(reason: str) -> str:
    """The verdict on what is refused."""
    return f"{SAYS['not-verified']} {REASONS[reason]}"


@pytest.mark.requirement("CON-log")
async def test_a_real_entry_is_proven_and_shown_from_the_bytes_that_were_hashed(looked: Looked) -> None:
    await opened(looked)
    first = await checked(looked)
    assert first["verdict"].startswith(SAYS["verified"]), first
    assert SAYS["by-the-log-alone"] in first["verdict"]
    states = {name: state for name, (state, _) in first["steps"].items()}
    ok = dict.fromkeys(("leaf", "root", "signed", "log", "content"), "ok")
    assert states == {**ok, **dict.fromkeys(("witness", "quorum", "history", "held"), "none")}
    assert SAYS["no-policy"] in first["steps"]["quorum"][1]
    assert first["steps"]["root"][1] == first["steps"]["signed"][1]
    assert "actor.job\nexchange" in first["raw"]
    assert "context.purpose\nenrollment" in first["raw"]
    assert "subject.student" in first["raw"]
    again = await checked(looked)
    assert again["steps"]["history"][0] == "ok", "the size and root of before are remembered, and continued"
    await opened(looked)  # the log has grown
    grown = await checked(looked)
    assert grown["verdict"].startswith(SAYS["verified"])
    assert grown["steps"]["history"][0] == "ok"
    assert looked.page.complaints == []


def tampered(file: str) -> dict[str, str]:
    """The proof file, one thing of it changed, by the reason for which it is to be refused."""
    head, _, note = file.partition("\n\n")
    first, extra, index, *path = head.split("\n")
    origin, size, _, *rest = note.split("\n")
    entry = b64decode(extra.removeprefix("extra "))
    other = b64encode(entry.replace(b'"class":"disclosure"', b'"class":"disclosurf"')).decode()
    changed = {
        "entry": [first, f"extra {other}", index, *path],
        "path": [first, extra, index, b64encode(b"\1" * 32).decode(), *path[1:]],
        "shorter path": [first, extra, index, *path[1:]],
        "index": [first, extra, "index 1", *path],
    }
    files = {name: "\n".join(lines) + f"\n\n{note}" for name, lines in changed.items()}
    wrong_root = "\n".join([origin, size, b64encode(b"\1" * 32).decode(), *rest])
    signature = next(line for line in rest if line.startswith("\u2014"))
    flipped = bytearray(b64decode(signature.split(" ")[2]))
    flipped[-1] ^= 1
    files["root"] = f"{head}\n\n{wrong_root}"
    files["signature"] = f"{head}\n\n{note.replace(signature.split(' ')[2], b64encode(bytes(flipped)).decode())}"
    return files


@pytest.mark.requirement("CON-log")
async def test_what_was_tampered_with_is_refused_with_its_reason_and_the_rest_is_not_reached(looked: Looked) -> None:
    bundle = await opened(looked)
    why = {
        "entry": ("root-differs", "signed"),
        "path": ("root-differs", "signed"),
        "shorter path": ("path-too-short", "root"),
        "index": ("another-entry", "leaf"),
        "root": ("root-differs", "signed"),
        "signature": ("signature-invalid", "log"),
    }
    for name, file in tampered(bundle["file"]).items():
        reason, step = why[name]
        shown = await checked(looked, {**bundle, "file": file})
        assert shown["verdict"] == said(reason), name
        assert shown["steps"][step][0] == "bad", name
        assert REASONS[reason] in shown["steps"][step][1]
        later = list(shown["steps"])[list(shown["steps"]).index(step) + 1 :]
        assert {shown["steps"][one][1] for one in later} == {SAYS["not-reached"]}, name
        assert shown["raw"] == "", "nothing of it is shown as checked"
    opening = {**bundle["openings"][0], "content": b64encode(b'{"kind":"person"}').decode().rstrip("=")}
    shown = await checked(looked, {**bundle, "openings": [opening]})
    assert shown["verdict"] == said("opening-differs")
    shown = await checked(looked, bundle)
    assert shown["verdict"].startswith(SAYS["verified"])


async def test_witnesses_are_told_with_their_instants_and_those_that_a_browser_cannot_check_as_such(looked: Looked) -> None:
    case = Case(witnesses=(BIRCH, BIRCH_ML_DSA, CEDAR))
    asked = case.asked()
    await opened(looked)
    trust = asked["trust"]
    await looked.page.value(
        f"Object.assign(document.querySelector('[data-proof]').dataset, {{index: '{case.index}', origin: '{trust['origin']}'}})"
    )
    given = {"file": asked["file"], "log_keys": trust["logKeys"], "witness_keys": trust["witnessKeys"], "policy": None, "openings": []}
    shown = await checked(looked, given)
    for rule, says, state in (("any", "quorum-reached", "ok"), ("all", "quorum-open", "none")):
        policy = f"witness b {BIRCH.key.vkey}\nwitness m {BIRCH_ML_DSA.key.vkey}\ngroup g {rule} b m\nquorum g\n"
        counted = await checked(looked, {**given, "policy": policy})
        assert (SAYS[says] in counted["verdict"], counted["steps"]["quorum"]) == (True, [state, SAYS[says]])
        assert counted["tone"] == "notice notice--good"
    missed = await checked(looked, {**given, "policy": f"witness x {Cosigner('x.example/witness', bytes(32)).key.vkey}\nquorum x\n"})
    assert (SAYS["quorum-missed"] in missed["verdict"], missed["steps"]["quorum"][0]) == (True, "none")
    assert missed["tone"] == "notice notice--warn"
    assert (await checked(looked, {**given, "policy": "quorum nobody\n"}))["verdict"] == said("policy-malformed")
    assert f"{SAYS['by-witnesses']} {BIRCH.key.name}, {CEDAR.key.name}." in shown["verdict"]
    lines = shown["steps"]["witness"][1].split("\n")
    assert [one for one in lines if SAYS["not-checked-here"] in one] == [lines[1]]
    assert "UTC" in lines[0]
    flipped = {**given, "file": asked["file"][:-3] + ("A" if asked["file"][-3] != "A" else "B") + asked["file"][-2:]}
    refused = await checked(looked, flipped)
    assert refused["verdict"].startswith(SAYS["not-verified"])


async def test_a_checkpoint_that_is_held_or_remembered_has_to_be_of_the_same_history(looked: Looked) -> None:
    bundle = await opened(looked)
    note = bundle["file"].partition("\n\n")[2]
    await looked.page.value(f"document.getElementById('held').value = {json.dumps(note)}")
    shown = await checked(looked)
    assert shown["steps"]["held"][0] == "ok", shown
    size, root = note.split("\n")[1:3]
    forged = note.replace(root, b64encode(b"\1" * 32).decode())
    await looked.page.value(f"document.getElementById('held').value = {json.dumps(forged)}")
    shown = await checked(looked)
    assert shown["verdict"] == said("signature-invalid"), "it has to be the log's own"
    assert shown["steps"]["held"][0] == "bad"
    await looked.page.value("document.getElementById('held').value = ''")
    origin = note.split("\n")[0]
    other = json.dumps({"size": int(size) - 1, "root": "01" * 32})
    await looked.page.value(f"localStorage.setItem('safe-passage {origin}', {json.dumps(other)})")
    shown = await checked(looked)
    assert shown["verdict"] == said("history-differs")
    assert shown["steps"]["history"][0] == "bad"
    longer = json.dumps({"size": int(size) + 1000, "root": "01" * 32})
    await looked.page.value(f"localStorage.setItem('safe-passage {origin}', {json.dumps(longer)})")
    shown = await checked(looked)
    assert shown["verdict"] == said("not-given"), "the log of this server is shorter than the one that was seen before"


async def test_without_scripts_the_command_is_there_and_the_button_is_not(looked: Looked) -> None:
    place = await place_of_entry(looked.console)
    await looked.page.ask("Emulation.setScriptExecutionDisabled", value=True)
    await looked.go(f"{LOG}/{place}")
    text = await looked.page.value("document.querySelector('main').innerText")
    assert f"safepassage verify entry-{place}.tlog-proof" in text
    assert "Scripts are off here." in text
    assert await looked.page.value("document.getElementById('check').hidden")
    assert await looked.page.value("getComputedStyle(document.getElementById('check')).display") == "none"

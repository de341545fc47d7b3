"""docs/wire-messages.md and docs/wire.md say every member of every message: another state writes its node from them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from safepassage.accepted import Accepted
from safepassage.body import Body
from safepassage.chain_part import Act, ChainPart, Onward, PartContinuation, PartLink
from safepassage.claims import Message
from safepassage.ending import Ending
from safepassage.envelope import Envelope
from safepassage.finding import Compared, Comparison, Sought
from safepassage.leaf import Leaf
from safepassage.logged import Consistency, LoggedMessage
from safepassage.node_statement import EncryptionKey, NodeStatement
from safepassage.notice import Notice, NoticeContent, NoticeTaken
from safepassage.package import REDISCLOSURE_NOTICE, REDISCLOSURE_NOTICE_DIGEST, Attached
from safepassage.read_in_part import MARK
from safepassage.receipt import Receipt
from safepassage.reconciliation import Reconciliation, StreamCount
from safepassage.refusal import Refusal
from safepassage.request import Request, SealedSelector, Selector
from safepassage.suites import SUITES
from safepassage.trust_list import TrustList
from safepassage.trust_members import Member
from safepassage.wire import Wire
from safepassage.wire_exchange import EnrollmentEvidence, Official, PersonSelector, ReceivingOrganisation
from safepassage.wire_licensure import EducatorSelector, LicensureEvidence, ReceivingAgency

DOCS = Path(__file__).parents[2] / "docs"
WIRE, MESSAGES = ((DOCS / name).read_text(encoding="utf-8") for name in ("wire.md", "wire-messages.md"))
KINDS: tuple[type[Message], ...] = (
    Request, Accepted, Envelope, Receipt, Ending, Notice, NoticeTaken, Reconciliation, Comparison, Compared, ChainPart,
)  # fmt: skip
PARTS: tuple[tuple[str, str, type[Wire]], ...] = (
    (MESSAGES, "**The selector**", Selector),
    (MESSAGES, "**The evidence**", EnrollmentEvidence),
    (MESSAGES, "### The refusal", Refusal),
    (MESSAGES, "**Documents** go ahead", Attached),
    (MESSAGES, "**An educator** is asked", EducatorSelector),
    (MESSAGES, "**What is sought** of a child", Sought),
    (WIRE, "**The statement** of a node", NodeStatement),
    (WIRE, "**The trust list**", TrustList),
    (WIRE, "| of a member", Member),
    (WIRE, "**An entry** is a leaf", Leaf),
    (WIRE, "**A logged message**", LoggedMessage),
)


ALSO = frozenset(re.findall(r"`(sp-[a-z-]+\+jws)`", WIRE[WIRE.index("**`also`**") :].split("\n\n", 1)[0]))
"""The messages that may have the member."""


def named(page: str, heading: str) -> set[str]:
    """What the first table below the heading names in its first column."""
    lines = page[page.index(heading) :].split("\n\n| member | |\n" if not heading.startswith("|") else heading, 1)[1].splitlines()
    return set(re.findall(r"`([a-z_]+)`", "\n".join(line.split("|")[1] for line in table(lines))))


def table(lines: list[str]) -> Iterator[str]:
    for line in lines[1:]:
        if not line.startswith("|"):
            return
        yield line


def members(kind: type[Wire]) -> set[str]:
    return {field.serialization_alias or name for name, field in kind.model_fields.items()}


@pytest.mark.requirement("EX-other-makers")
@pytest.mark.parametrize("kind", KINDS, ids=[kind.TYPE for kind in KINDS])
def test_a_message_is_documented_whole(kind: type[Message]) -> None:
    proof = members(LoggedMessage) if issubclass(kind, LoggedMessage) else set()
    assert named(MESSAGES, f"### `{kind.TYPE}`") == members(kind) - proof - {"v", "also"}
    assert ("also" in members(kind)) is (kind.TYPE in ALSO)


@pytest.mark.parametrize(("page", "heading", "kind"), PARTS, ids=[kind.__name__ for _, _, kind in PARTS])
def test_what_is_in_one_or_around_it_is_documented_whole(page: str, heading: str, kind: type[Wire]) -> None:
    assert named(page, heading) - {"v"} == members(kind) - {"v", "also"}
    assert ("also" in members(kind)) is (getattr(kind, "TYPE", None) in ALSO)


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        (MESSAGES, PersonSelector), (MESSAGES, SealedSelector), (MESSAGES, ReceivingOrganisation), (MESSAGES, Official), (MESSAGES, Body),
        (MESSAGES, NoticeContent), (MESSAGES, StreamCount), (MESSAGES, PartLink), (MESSAGES, PartContinuation),
        (MESSAGES, LicensureEvidence), (MESSAGES, ReceivingAgency),
        (MESSAGES, Onward), (WIRE, EncryptionKey), (WIRE, Consistency),
    ],
)  # fmt: skip
def test_members_of_members_are_named(page: str, kind: type[Wire]) -> None:
    assert members(kind) <= set(re.findall(r"[`\"]([a-z0-9_]+)[`\"]", page))


TABLES = re.findall(r"^\| of (?:a|an|every) (\w+) \| code \|\n\|---\|---\|\n((?:\|.*\n)+)", WIRE, re.MULTILINE)
CODES = {
    name: set(re.findall(r"`([a-z-]+)`(?: ([0-9]{3}))?", "".join(row.split("|")[2] for row in rows.splitlines()))) for name, rows in TABLES
}
OF_THE_MOMENT = set(re.findall(r"`([a-z-]+)`", WIRE[WIRE.index("Not for good") : WIRE.index("What a node looks at")]))


@pytest.mark.requirement("EX-other-makers")
@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        ("peer/requests", "message request"), ("peer/envelopes", "message envelope proof"), ("peer/bodies", "message envelope proof body"),
        ("peer/receipts", "message receipt proof"), ("peer/notices", "message notice proof"), ("trust-lists", "list"),
        ("peer/reconciliations", "message reconciliation proof"), ("peer/comparisons", "message comparison"),
    ],
)  # fmt: skip
def test_what_a_message_is_refused_for_is_what_the_interface_says(path: str, kinds: str) -> None:
    paths = json.loads((DOCS.parent / "openapi" / "records.json").read_text(encoding="utf-8"))["paths"]
    under = [one for name, one in paths.items() if f"{name}/".startswith(f"/v1/{path}/")]
    answers = [
        (status, answer["description"])
        for one in under
        for method in one.keys() & {"post", "put"}
        for status, answer in one[method]["responses"].items()
    ]
    said = {(code, status) for status, description in answers for code in re.findall(r"`([a-z-]+)`", description)}
    named = set[tuple[str, str]]().union(*(CODES[kind] for kind in kinds.split()))
    for_good = {(code, status) for code, status in said if code not in OF_THE_MOMENT}
    assert {(code, status or "422") for code, status in named} == for_good


def test_every_act_of_a_chain_is_named() -> None:
    assert set(get_args(Act)) <= set(re.findall(r"`([a-z-]+)`", MESSAGES[MESSAGES.index("### `sp-chain-part+jws`") :]))


def test_the_mark_of_an_element_that_is_a_part_is_documented() -> None:
    assert f'`"{MARK}": true`' in MESSAGES


def test_the_notice_and_the_suites_are_those_of_the_code() -> None:
    assert f"`{REDISCLOSURE_NOTICE_DIGEST}`" in MESSAGES
    assert REDISCLOSURE_NOTICE.text in MESSAGES
    for suite in SUITES.values():
        assert f"| `{suite.name}` | 0x{suite.kem_id:04X} | 0x{suite.kdf_id:04X} | 0x{suite.aead_id:04X} |" in WIRE

"""What stands beside each rule: its id, the law that it was written from with the hash of its words, and what an answer says of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.privacy.policy.broken import PolicySetBroken
from services.privacy.policy.expressions import Est
from services.privacy.policy.obligations import ObligationRule, parse_obligations

REQUIRED = frozenset(
    {"id", "title", "citation", "authority", "effective", "conditions", "obligations", "source", "source_sha256", "review"}
)
REVIEWS = ("unreviewed-draft", "reviewed")
AUTHORITIES = ("law", "institution")

NOT_AT_HAND = "not-at-hand"
"""In the place of a hash: the words were not at hand when the rule was written."""

_CODE = re.compile(r"[a-z0-9][a-z0-9._:-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Reason:
    """What an answer says when a condition fails or a forbid stands, and where the law asks for it."""

    code: str
    citation: str


@dataclass(frozen=True)
class Source:
    """A paragraph of the law and the SHA-256 of its line, as the collection of the law's words defines it; None: not at hand."""

    paragraph: str
    sha256: str | None


@dataclass(frozen=True)
class Annotations:
    """The annotations of one policy, parsed."""

    id: str
    title: str
    citation: str
    authority: Literal["law", "institution"]
    """institution: the node's own policy where the law is silent."""
    effective: date
    """A day on which the words were in force by their source: the Register's last amendment, else the date of the copy."""
    reasons: tuple[Reason, ...]
    obligations: tuple[ObligationRule, ...]
    sources: tuple[Source, ...]
    reviewed: bool


def annotations_of(policy: Est) -> Annotations:
    """Parse the annotations of a policy. Raises PolicySetBroken if one is missing, unknown or not of its form."""
    given: Mapping[str, str] = policy.get("annotations", {})
    if set(given) != REQUIRED:
        raise PolicySetBroken(f"annotations are missing or unknown: {sorted(set(given) ^ REQUIRED)}")
    identifier = given["id"]
    _require(_CODE.fullmatch(identifier) is not None, identifier, "id is not a code")
    _require(bool(given["title"].strip()) and bool(given["citation"].strip()), identifier, "title and citation say something")
    _require(given["authority"] in AUTHORITIES, identifier, "authority is law or institution")
    _require(given["review"] in REVIEWS, identifier, "review has a known status")
    paragraphs, hashes = _parts(given["source"]), _parts(given["source_sha256"])
    _require(bool(paragraphs) and len(paragraphs) == len(hashes), identifier, "each source has a hash")
    _require(all(value == NOT_AT_HAND or _SHA256.fullmatch(value) for value in hashes), identifier, "hashes are hexadecimal SHA-256")
    # INVARIANT: a rule whose words nobody compared never passes for the law.
    unchecked = NOT_AT_HAND in hashes
    _require(not unchecked or given["authority"] == "institution", identifier, "words that are not at hand are no law yet")
    _require(not unchecked or given["review"] == "unreviewed-draft", identifier, "words that are not at hand were not reviewed")
    _require(not unchecked or "(not checked)" in given["citation"], identifier, "its citation says that it was not checked")
    try:
        effective = date.fromisoformat(given["effective"])
    except ValueError as error:
        raise PolicySetBroken(f"{identifier}: effective is not a date") from error
    return Annotations(
        id=identifier,
        title=given["title"],
        citation=given["citation"],
        authority="law" if given["authority"] == "law" else "institution",
        effective=effective,
        reasons=tuple(_reason(part, identifier) for part in _parts(given["conditions"])),
        obligations=parse_obligations(given["obligations"]),
        sources=tuple(
            Source(paragraph, None if value == NOT_AT_HAND else value) for paragraph, value in zip(paragraphs, hashes, strict=True)
        ),
        reviewed=given["review"] == "reviewed",
    )


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(";")] if text.strip() else []


def _reason(text: str, identifier: str) -> Reason:
    code, separator, citation = text.partition(": ")
    _require(
        bool(separator) and _CODE.fullmatch(code) is not None and bool(citation.strip()), identifier, "a condition is `code: citation`"
    )
    return Reason(code, citation)


def _require(condition: bool, identifier: str, rule: str) -> None:
    if not condition:
        raise PolicySetBroken(f"{identifier}: {rule}")

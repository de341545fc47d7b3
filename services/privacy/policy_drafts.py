"""Drafts: packs become a policy set under its hash. Texts are parsed here where Cedar's parser is installed, else they come parsed."""

import hashlib
import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import canonical_json, digest_of
from safepassage.problems.policy_sets import (
    NoSuchPolicySet,
    ParsedFormDiffers,
    ParsedFormMissing,
    PolicySetEmpty,
    PolicySetHeldAlready,
    PolicyTextNotParsed,
)
from safepassage.problems.requests import InvalidRequest
from safepassage.wire import Digest
from safepassage.wire_policy_sets import NewPolicySet, PolicyPack
from services.privacy.policy import PolicySetBroken
from services.privacy.policy.policy_set import contents
from services.privacy.policy.rule_pack import SCHEMA, Pack, sha256_of
from services.privacy.policy_hand import Hand, policy_event
from services.privacy.policy_sets import packs_of
from services.privacy.tables import PolicySetRow
from shared.outbox import Outbox


@dataclass(frozen=True)
class Draft:
    """A set as it would be stored."""

    policy_hash: Digest
    contents: str
    texts: str
    parsed_by: str
    packs: int


def cedar() -> ModuleType | None:
    """Cedar's parser and validator, where it is installed (docs/decisions/0002): a node decides without it."""
    if importlib.util.find_spec("cedarpy") is None:
        return None
    from services.privacy.policy import pack  # noqa: PLC0415 it imports cedarpy, which a node need not have

    return pack


def drafted(new: NewPolicySet, base: PolicySetRow | None, *, parser: ModuleType | None) -> Draft:
    """The set that `new` makes of its packs and those of `base`.

    Raises NoSuchPolicySet, PolicySetEmpty, PolicyTextNotParsed, ParsedFormMissing, ParsedFormDiffers, InvalidRequest.
    """
    if (base is None) != (new.based_on is None):
        raise NoSuchPolicySet(field="based_on")
    names = [pack.name for pack in new.packs]
    if len(set(names)) != len(names):
        raise InvalidRequest("a pack is named twice", field="packs")
    packs: dict[str, Pack] = {} if base is None else {pack.name: pack for pack in packs_of(base.contents)}
    texts: dict[str, str] = {} if base is None else json.loads(base.texts)
    if not packs.keys() >= set(new.without):
        raise InvalidRequest("the set that it is based on has no such pack", field="without")
    for name in new.without:
        del packs[name], texts[name]
    for place, given in enumerate(new.packs):
        packs[given.name] = _pack(given, parser, field=f"packs.{place}")
        texts[given.name] = given.text
    if not packs:
        raise PolicySetEmpty(field="packs")
    parsed_here = (parser is not None or not new.packs) and (base is None or base.parsed_by != "drafter")
    ordered = tuple(packs[name] for name in sorted(packs))
    try:
        stored = canonical_json(contents(ordered, schema_sha256=sha256_of(SCHEMA))).decode()
    except (TypeError, ValueError) as error:
        raise PolicyTextNotParsed("a number that JSON does not hold exactly", field="packs") from error
    return Draft(
        policy_hash=digest_of(stored.encode()),
        contents=stored,
        texts=canonical_json(texts).decode(),
        parsed_by="cedar" if parsed_here else "drafter",
        packs=len(packs),
    )


async def keep_draft(tx: AsyncSession, outbox: Outbox, draft: Draft, new: NewPolicySet, hand: Hand, *, now: datetime) -> PolicySetRow:
    """Store a draft. Raises PolicySetHeldAlready where a set of the same hash is there, whoever drafted it."""
    if await tx.get(PolicySetRow, draft.policy_hash) is not None:
        raise PolicySetHeldAlready
    row = PolicySetRow(
        policy_hash=draft.policy_hash,
        origin="draft",
        author=hand.official,
        title=new.title,
        based_on=new.based_on,
        parsed_by=draft.parsed_by,
        recorded_at=now,
        client_id=hand.client_id,
        contents=draft.contents,
        texts=draft.texts,
    )
    tx.add(row)
    try:
        await tx.flush()
    except IntegrityError as error:  # drafted twice at the same time
        raise PolicySetHeldAlready from error
    outbox.record(tx, policy_event("policy-set-drafted", f"{draft.policy_hash}:drafted", hand, draft.policy_hash, count=draft.packs))
    return row


def policies_of(row: PolicySetRow) -> Mapping[str, str]:
    """Of each policy of a set, by id, a digest of what it is."""
    return {
        identifier: digest_of(canonical_json(policy)) for pack in packs_of(row.contents) for identifier, policy in pack.policies.items()
    }


def _pack(given: PolicyPack, parser: ModuleType | None, *, field: str) -> Pack:
    if parser is not None:
        try:
            pack: Pack = parser.parsed(given.name, given.text)
        except PolicySetBroken as error:
            raise PolicyTextNotParsed(field=f"{field}.text") from error
        if given.parsed is not None and given.parsed != pack.policies:
            raise ParsedFormDiffers(field=f"{field}.parsed")
        return pack
    if not given.text.isascii():
        raise PolicyTextNotParsed("ASCII only: a rule that could look like another is refused", field=f"{field}.text")
    if given.parsed is None:
        raise ParsedFormMissing(field=f"{field}.parsed")
    return Pack(given.name, hashlib.sha256(given.text.encode()).hexdigest(), given.parsed)

"""The policy sets of this node: kept by their hash, found again by it, compiled once, and never believed without being hashed anew.

The store is not trusted with what a set is: whoever controls it can remove one, and stop the service; an altered set has another hash and
is not used.
"""

import asyncio
import json
import logging
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, Final

from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import canonical_json, digest_of
from safepassage.problems import SuiteError
from safepassage.problems.policy_sets import NoSuchPolicySet, PoliciesUnavailable, PolicySetNotUsable
from safepassage.problems.privacy import PolicySetNotHeld
from safepassage.wire import Digest
from services.privacy.policy import PolicySet, PolicySetBroken
from services.privacy.policy.entities import Entity
from services.privacy.policy.obligations import INSTANTS, KINDS
from services.privacy.policy.policy_set import ENGINE, assemble, contents
from services.privacy.policy.rule_pack import SCHEMA, TEXTS, Pack, read_packs, sha256_of
from services.privacy.policy.taxonomy import TAXONOMY, Taxonomy
from services.privacy.policy_schedule import to_come
from services.privacy.tables import RELEASE, PolicySetRow
from shared.database import Database
from shared.inserts import insert_into

log = logging.getLogger(__name__)

PREPARED_EVERY_SECONDS = 1.0
"""Shorter than the time between the commit of an activation and its start (services.privacy.activation.LEAD)."""
_KIND_AND_ID: Final = re.compile(r'(.*?)::"(.*)"')
COMPILED_AT_ONCE = 16
"""Compiled sets in memory: those that decide or decided lately. More are compiled again when they are asked for."""


class PolicySets:
    """Compiled sets by hash. What is not in memory is loaded from the store, hashed anew, and compiled in a thread."""

    def __init__(self, database: Database, built_in: PolicySet) -> None:
        self.built_in = built_in
        self._database = database
        self._compiled: OrderedDict[Digest, PolicySet] = OrderedDict()
        self._compiling = asyncio.Lock()
        self._deciding = built_in
        """The set that decided last here."""

    def at_hand(self, policy_hash: Digest) -> PolicySet | None:
        """A set that is compiled already."""
        if policy_hash == self.built_in.policy_hash:
            return self.built_in
        found = self._compiled.get(policy_hash)
        if found is not None:
            self._compiled.move_to_end(policy_hash)
        return found

    async def held(self, policy_hash: Digest) -> PolicySet:
        """The set. Raises PolicySetNotHeld, PolicySetNotUsable."""
        found = self.at_hand(policy_hash)
        if found is not None:
            return found
        async with self._compiling:
            found = self.at_hand(policy_hash)
            if found is None:
                async with self._database.reading() as tx:
                    stored = await tx.scalar(select(PolicySetRow.contents).where(PolicySetRow.policy_hash == policy_hash))
                if stored is None:
                    raise PolicySetNotHeld
                found = self._compiled[policy_hash] = await asyncio.to_thread(restored, stored, policy_hash)
                if len(self._compiled) > COMPILED_AT_ONCE:
                    self._compiled.popitem(last=False)
        return found

    async def found(self, policy_hash: Digest) -> PolicySet:
        """The set that a caller names. Raises NoSuchPolicySet, PolicySetNotUsable."""
        try:
            return await self.held(policy_hash)
        except PolicySetNotHeld as error:
            raise NoSuchPolicySet from error

    async def prepare(self, now: datetime) -> None:
        """Compile what will decide, and for what is being asked about. Raises PolicySetNotHeld, PolicySetNotUsable."""
        async with self._database.reading() as tx:
            coming = await to_come(tx, now)
        for policy_hash in coming:
            found = await self.held(policy_hash)
            await asyncio.to_thread(found.make_ready_for, self._deciding)

    async def in_force(self, policy_hash: Digest) -> PolicySet:
        """The set that decides. Raises PoliciesUnavailable: fail closed, and say so to the operator."""
        found = self.at_hand(policy_hash)
        if found is not None:
            self._deciding = found
            return found
        try:
            return await self.held(policy_hash)
        except (PolicySetNotHeld, PolicySetNotUsable) as error:
            log.error("the policy set that decides cannot be loaded", extra={"code": error.code, "digest": policy_hash})  # noqa: TRY400 no more is known
            raise PoliciesUnavailable(retry_after_seconds=30) from error


def restored(stored: str, policy_hash: Digest) -> PolicySet:
    """The set of stored contents. Raises PolicySetNotHeld where they have another hash, PolicySetNotUsable for those of another version."""
    # INVARIANT: a stored set decides only if it is what its hash says.
    if digest_of(stored.encode()) != policy_hash:
        raise PolicySetNotHeld("what is stored under its hash is another one")
    said = json.loads(stored)
    if said["engine"] != ENGINE:
        raise PolicySetNotUsable(f"it was made for engine {said['engine']}, this version has engine {ENGINE}")
    if not _has_vocabulary(said["obligations"]):
        raise PolicySetNotUsable("it obliges to what this version does not know, or means by it something else")
    policy_set = compiled(packs_of(stored), taxonomy=taxonomy_of(said["taxonomy"]["parents"]))
    return replace(policy_set, policy_hash=policy_hash)


def packs_of(stored: str) -> tuple[Pack, ...]:
    """The packs of stored contents."""
    packs = json.loads(stored)["packs"]
    return tuple(Pack(name, pack["text_sha256"], pack["policies"]) for name, pack in packs.items())


def taxonomy_of(parents: Mapping[str, Sequence[str]]) -> Taxonomy:
    """The vocabularies of a stored set: its own elements, purposes and jurisdictions, in this version's order of the record."""
    entities = {uid: Entity(*_KIND_AND_ID.fullmatch(uid).groups()) for uid in parents}  # type: ignore[union-attr]  # uids were written here
    above = {entities[uid]: tuple(entities[one] for one in wider) for uid, wider in parents.items()}
    if above == {uid: tuple(sorted(wider)) for uid, wider in TAXONOMY.parents.items()}:
        return TAXONOMY
    ancestors = {uid: frozenset(_upward(uid, above)) for uid in above}
    ranks = {uid: rank for rank, uid in enumerate(TAXONOMY.elements.values())}
    by_kind: dict[str, dict[str, Entity]] = {kind: {} for kind in ("DataElement", "Purpose", "Jurisdiction")}
    for uid in sorted(above, key=lambda uid: (ranks.get(uid, len(ranks)), uid)):
        kind, identifier = _KIND_AND_ID.fullmatch(uid).groups()  # type: ignore[union-attr]  # as above
        by_kind.setdefault(kind.rpartition("::")[2], {})[identifier] = uid
    return replace(
        TAXONOMY,
        elements=by_kind["DataElement"],
        purposes=by_kind["Purpose"],
        jurisdictions=by_kind["Jurisdiction"],
        ancestors=ancestors,
        parents=above,
    )


def _upward(uid: Entity, parents: Mapping[Entity, tuple[Entity, ...]]) -> set[Entity]:
    return {uid}.union(*(_upward(parent, parents) for parent in parents[uid]))


def _has_vocabulary(obligations: Mapping[str, Any]) -> bool:
    """Whether this version knows every kind of obligation as the set does, and every instant that one may name."""
    kinds = {kind: [it.argument, it.citation] for kind, it in KINDS.items()}
    return all(kinds.get(kind) == meaning for kind, meaning in obligations["kinds"].items()) and set(obligations["instants"]) <= set(
        INSTANTS
    )


def compiled(packs: Sequence[Pack], *, taxonomy: Taxonomy = TAXONOMY) -> PolicySet:
    """The set of these packs against a taxonomy. Raises PolicySetNotUsable."""
    try:
        return assemble(packs, schema_sha256=sha256_of(SCHEMA), taxonomy=taxonomy)
    except PolicySetBroken as error:
        raise PolicySetNotUsable("this version's checks refuse it") from error


@cache
def _files() -> tuple[str, str]:
    """Contents and texts of this version's own set."""
    stored = canonical_json(contents(read_packs(), schema_sha256=sha256_of(SCHEMA))).decode()
    return stored, canonical_json({path.stem: path.read_text() for path in TEXTS.glob("*.cedar")}).decode()


async def keep_built_in(tx: AsyncSession, built_in: PolicySet, *, title: str, now: datetime) -> None:
    """Keep the set of this version in the store, so that what it decides is reproduced by every later version. Raises PolicySetBroken."""
    if await tx.scalar(select(PolicySetRow.policy_hash).where(PolicySetRow.policy_hash == built_in.policy_hash)) is not None:
        return
    stored, texts = _files()
    if digest_of(stored.encode()) != built_in.policy_hash:
        raise PolicySetBroken("the files are not those of the set that was loaded from them")
    values = {
        "policy_hash": built_in.policy_hash,
        "origin": RELEASE,
        "author": RELEASE,
        "title": title,
        "parsed_by": RELEASE,
        "recorded_at": now,
        "contents": stored,
        "texts": texts,
    }
    await tx.execute(insert_into(tx, PolicySetRow).values(**values).on_conflict_do_nothing())


async def prepare(app: FastAPI) -> None:
    """A lifespan task: compile every set before its start, so that a switch makes nobody wait."""
    while True:
        try:
            await app.state.policy_sets.prepare(app.state.clock())
        except Exception as error:
            fault = error.code if isinstance(error, SuiteError) else type(error).__name__
            log.error("a policy set that will decide cannot be prepared", extra={"fault": fault})  # noqa: TRY400 the code says it
        await asyncio.sleep(PREPARED_EVERY_SECONDS)

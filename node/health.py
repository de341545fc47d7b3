"""What an operator wants to know before a student's record waits: keys, stores, what did not get out, what is about to expire."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import text

from node.machine_faults import said_of
from node.unusable import LOOK_AT_THE_PROVIDER, said_of_the_provider
from node.wrapping import missing_versions, strange_keys
from safepassage.compact import split
from safepassage.problems import SuiteError
from safepassage.problems.keys import KeysUnavailable
from safepassage.problems.policy_sets import PoliciesUnavailable
from safepassage.trust_members import Member
from services.audit.witnessing.examination import examine_witnessing
from services.privacy.policy_examination import examine_schedule
from services.records.exchange.epochs import EpochKeys
from services.records.settings import RecordsSettings
from services.records.unread_parts import still_unread
from shared.app import internal_tokens
from shared.database import Database
from shared.key_providers import key_provider_of
from shared.keys import KeyFileUnusable
from shared.schema_head import SchemaNotAtHead, StoreOfLaterVersion, require_head
from shared.sealing_settings import SealingSettings
from shared.settings import ServiceSettings
from shared.who_may_call import ServiceName

LEAST_FREE_BYTES = 2**30
WARN_DAYS = 5
SIGN_AGAIN = "sign it again: safepassage-node keys statement"
NEXT_LOG_NAMED_BY = 10
"""October: lists are signed monthly, and by people."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: Literal["good", "warning", "bad"]
    detail: str = ""
    remedy: str = ""


async def examine_service(service: ServiceName, settings: ServiceSettings, *, now: datetime) -> AsyncIterator[Finding]:
    """Look at one service's keys, store and outbox. Nothing is changed."""
    try:
        internal_tokens(service, settings)
        yield Finding(f"{service}: keys", "good")
    except KeyFileUnusable as error:
        yield Finding(f"{service}: keys", "bad", str(error), "safepassage-node keys create makes a new node's keys")
    if isinstance(settings, SealingSettings):
        yield await asyncio.to_thread(_examine_key_provider, service, settings)
    database = Database.of(settings)
    try:
        store = [finding async for finding in examine_store(service, database, now)]
        for finding in store:
            yield finding
        if isinstance(settings, SealingSettings) and store[0].state == "good":
            async for finding in _examine_wrapping(service, settings, database):
                yield finding
    finally:
        await database.close()


def _examine_key_provider(service: ServiceName, settings: SealingSettings) -> Finding:
    """Whether whoever holds the keys that seal the store lets the service use them."""
    what = f"{service}: key provider ({settings.key_provider})"
    try:
        with closing(key_provider_of(settings, service)):
            return Finding(what, "good")
    except KeysUnavailable as error:
        return Finding(what, "bad", said_of_the_provider(error), LOOK_AT_THE_PROVIDER)
    except KeyFileUnusable as error:
        return Finding(what, "bad", str(error), "docs/keys.md")


async def _examine_wrapping(service: ServiceName, settings: SealingSettings, database: Database) -> AsyncIterator[Finding]:
    """Whether what is stored opens by the keys that are here: a store and a folder of keys may be of two backups."""
    what = f"{service}: keys of what is stored"
    try:
        with closing(await asyncio.to_thread(key_provider_of, settings, service)) as provider:
            missing = ", ".join(map(str, await missing_versions(service, database, provider)))
            strange = await strange_keys(service, database, settings, provider)
    except (KeysUnavailable, KeyFileUnusable):
        return  # said above
    if strange is not None:
        yield Finding(what, "bad", strange, "put this store's keys back, or the store that these are of (docs/deployment.md, Backup)")
    if missing:
        said = f"of what is stored some is wrapped by version {missing} of the key-encryption key, which is not here: it does not open"
        yield Finding(what, "bad", said, "put its file back from the backup of the keys (docs/keys.md)")


async def examine_store(service: ServiceName, database: Database, now: datetime) -> AsyncIterator[Finding]:
    """What is to be said of a service's store."""
    try:
        await require_head(service, database)
        yield Finding(f"{service}: store", "good")
    except SchemaNotAtHead as error:
        later = isinstance(error, StoreOfLaterVersion)
        yield Finding(f"{service}: store", "bad", str(error), "docs/upgrading.md" if later else "safepassage-node migrate (embedded: up)")
        return
    except Exception as error:
        said, remedy = said_of(error) or (f"does not answer ({type(error).__name__})", "start the database; check its role and schema")
        yield Finding(f"{service}: store", "bad", said.removesuffix("."), remedy)
        return
    if service == "audit":
        async with database.reading() as tx:
            for one in await examine_witnessing(tx, now):
                yield Finding(f"audit: {one.what}", one.state, one.detail, one.remedy)
        return
    if service == "privacy":
        yield await _examine_policies(database, now)
    if service == "records":
        unread = len(await database.read(still_unread))
        said = f"{unread} came from nodes of later versions, and this one does not know all that they say"
        if unread:
            yield Finding("records: received records", "warning", said, "docs/upgrading.md: a later version reads them")
    async with database.reading() as tx:
        waiting = (await tx.execute(text("SELECT count(*), min(next_attempt_at) FROM outbox WHERE refused_as IS NULL"))).one()
        refused = (await tx.execute(text("SELECT count(*) FROM outbox WHERE refused_as IS NOT NULL"))).scalar_one()
    late_seconds = 0 if waiting[1] is None else max(0, int(now.timestamp() - waiting[1] / 1000))
    state: Literal["good", "warning", "bad"] = "bad" if refused else "warning" if late_seconds > 600 else "good"
    detail = f"{waiting[0]} waiting, {refused} refused for good" if waiting[0] or refused else ""
    yield Finding(f"{service}: outbox", state, detail, "read the service's log for the refusal's code" if refused else "")


async def _examine_policies(database: Database, now: datetime) -> Finding:
    """Whether this version can decide by the sets that are, or will be, in force: else it does not start, or stops deciding later."""
    what = "privacy: policies"
    try:
        async with database.reading() as tx:
            examined = await examine_schedule(tx, now)
    except PoliciesUnavailable:
        return Finding(what, "warning", "no policy set is in force", "start the service once: it puts the set of this version in force")
    faults = [one for one in examined if one.fault is not None]
    if not faults:
        return Finding(what, "good")
    detail = "; ".join(f"{one.policy_hash[:12]} {'decides' if one.deciding else 'will decide'}: {one.fault}" for one in faults)
    return Finding(
        what, "bad", detail, 'docs/policy-sets.md, "After an upgrade": draft, approve and activate it anew before the service starts'
    )


def examine_folder(folder: Path) -> Finding:
    """Look at the room that is left."""
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        return Finding("disk", "bad", f"{free // 2**20} MiB free", "make room: a full disk stops the log, and so everything")
    return Finding("disk", "good", f"{free // 2**30} GiB free")


def examine_expiry(what: str, expires_at: int, *, now: datetime, remedy: str) -> Finding:
    """Look at how long something is still in force."""
    days = (expires_at - now.timestamp()) / 86_400
    if days <= 0:
        return Finding(what, "bad", "expired", remedy)
    return Finding(what, "warning" if days < WARN_DAYS else "good", f"in force for {days:.0f} days", remedy if days < WARN_DAYS else "")


def examine_log_names(member: Member | None, *, now: datetime) -> Finding:
    """Look whether others will believe the node's log: the list has to name this year's, and in good time the next one's."""
    what, remedy = (
        "log in the trust list",
        "make the description anew (trust member) and have it put into the list (trust propose --update)",
    )
    if member is None:
        return Finding(what, "bad", "the list does not name this node", "have it admitted")
    named = {log.origin.rpartition("/")[2] for log in member.logs}
    if str(now.year) not in named:
        return Finding(what, "bad", f"this year's is not named: other nodes refuse what is logged in {now.year}", remedy)
    if str(now.year + 1) not in named and now.month >= NEXT_LOG_NAMED_BY:
        return Finding(what, "warning", "next year's is not named yet", remedy)
    return Finding(what, "good", f"named until {max(named)}")


def examine_weekly_keys(file: Path, settings: RecordsSettings, *, now: datetime) -> Finding:
    """Look whether what others seal to is here: a folder of keys that comes from a backup has no `hpke/`."""
    what, at = "keys of the week", int(now.timestamp())
    try:
        named = {key["kid"] for key in split(file.read_text().strip())[1]["encryption"] if int(key["not_after"]) > at}
        here = EpochKeys(settings.keys_directory, folder=settings.epoch_keys_directory).kids(now)
    except (OSError, SuiteError, KeyError, ValueError, KeyFileUnusable):
        return Finding(what, "bad", "they, or the statement that names them, cannot be read", SIGN_AGAIN)
    if named <= here:
        return Finding(what, "good")
    said = f"the node statement names {len(named - here)} that are not here: what other nodes seal to them is refused for good"
    return Finding(what, "bad", said, SIGN_AGAIN)


def examine_statement(file: Path, *, now: datetime) -> Finding:
    """Look at the node's own statement."""
    try:
        payload = split(file.read_text().strip())[1]
        return examine_expiry("node statement", int(payload["exp"]), now=now, remedy=SIGN_AGAIN)
    except (OSError, SuiteError, KeyError, ValueError):
        return Finding("node statement", "bad", "missing or unreadable", SIGN_AGAIN)

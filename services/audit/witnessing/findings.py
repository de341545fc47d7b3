"""What a witness, or a log that is witnessed, should never have said: kept, told to the operator, and entered into the log once a day."""

import logging
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args

from safepassage.canonical import digest_of, sha256
from safepassage.problems.log import EventKeyReused, LogFrozen
from safepassage.problems.requests import LogUnavailable
from services.audit.driver import Driver
from shared.clock import EPOCH, Clock
from shared.contracts.audit import Actor, Context, Digests, Event
from shared.database import Database

log = logging.getLogger(__name__)

Kind = Literal[
    "peer-log-forked",
    "peer-log-not-continued",
    "own-log-rolled-back",
    "own-log-forked",
    "witness-claims-more",
    "witness-refuses",
    "witness-forgot",
    "cosignature-invalid",
    "cosignature-missing",
    "cosignature-old",
    "cosignature-ahead",
    "answer-unreadable",
]
KINDS: Final[dict[Kind, str]] = {
    "peer-log-forked": "The log has signed two trees of one size: it shows different histories to different people.",
    "peer-log-not-continued": "The log has signed a checkpoint that it does not show to continue the one cosigned before.",
    "own-log-rolled-back": "The witness has a larger checkpoint under this log's own key than any here: an older copy was restored.",
    "own-log-forked": "The witness has a checkpoint under this log's own key with another root than this log has at that size.",
    "witness-claims-more": "The witness says that it has cosigned more of this log than there is, and shows no checkpoint of it.",
    "witness-refuses": "The witness refuses a checkpoint of this log that is signed and continues what it has cosigned.",
    "witness-forgot": "The witness knows less of this log than it has cosigned: its own store went back.",
    "cosignature-invalid": "The witness's cosignature does not verify.",
    "cosignature-missing": "The witness's answer has no cosignature by its key of the policy.",
    "cosignature-old": "The witness's cosignature is of an earlier time than the request, or than one that it gave before.",
    "cosignature-ahead": "The witness's cosignature is of a time that has not come.",
    "answer-unreadable": "The witness's answer is none of its protocol.",
}
"""Each kind, for people."""
if set(KINDS) != set(get_args(Kind)):
    raise AssertionError("a kind without its sentence")

Append = Callable[[Event], Coroutine[Any, Any, None]]
"""Appends an entry of audit itself. Raises LogFrozen, LogUnavailable, EventKeyReused."""

MAX_EVIDENCE: Final = 16_384


class Findings:
    """Keeps findings in the store."""

    def __init__(self, database: Database, append: Append, clock: Clock) -> None:
        self._database, self._append, self._clock = database, append, clock

    async def record(self, kind: Kind, about: str, *, evidence: str | None = None) -> None:
        """Keep a finding, once more or for the first time; raise the alarm and enter it into the log if that was not done today."""
        now = self._clock()
        today = now.date().isoformat()
        entered_on = await self._database.write(lambda connection: _keep(Driver(connection), kind, about, evidence, now))
        if entered_on == today:
            log.warning("witness finding again", extra={"code": kind, "peer": about})
            return
        log.critical("witness finding", extra={"code": kind, "peer": about, "fault": KINDS[kind]})
        try:
            await self._append(event_of(kind, about, evidence, today))
        except EventKeyReused:
            pass  # entered before the store could be told so
        except (LogFrozen, LogUnavailable):
            return
        await self._database.write(lambda connection: entered(Driver(connection), kind, about, today))


def _keep(driver: Driver, kind: str, about: str, evidence: str | None, now: datetime) -> str | None:
    at = (now - EPOCH) // timedelta(milliseconds=1)
    driver.change(
        "INSERT INTO witness_finding (kind, about, first_at, last_at, count, evidence, entered_on) VALUES (?, ?, ?, ?, 1, ?, NULL) "
        "ON CONFLICT (kind, about) DO UPDATE SET last_at = excluded.last_at, count = witness_finding.count + 1, "
        "evidence = coalesce(witness_finding.evidence, excluded.evidence)",
        kind,
        about,
        at,
        at,
        evidence,
    )
    ((entered_on,),) = driver.rows("SELECT entered_on FROM witness_finding WHERE kind = ? AND about = ?", kind, about)
    return None if entered_on is None else str(entered_on)


def entered(driver: Driver, kind: str, about: str, today: str) -> None:
    """Remember that it is in the log of that day."""
    driver.change("UPDATE witness_finding SET entered_on = ? WHERE kind = ? AND about = ?", today, kind, about)


def event_of(kind: str, about: str, evidence: str | None, today: str) -> Event:
    """The entry that a finding is in the log."""
    shown = evidence if evidence is not None and len(evidence) <= MAX_EVIDENCE else None
    return Event(
        class_="witness",
        key=finding_key(kind, about, today),
        actor=Actor(kind="system", job="witness"),
        context=Context(operation="witness-finding", outcome="alarm", reason=kind, recipient_node=about[:200], peer_checkpoint=shown),
        digests=Digests() if evidence is None else Digests(ct=digest_of(evidence.encode())),
    )


def finding_key(kind: str, about: str, on: str) -> str:
    """Under which key a finding of a day is in the log."""
    return f"witness:{kind}:{sha256(about.encode()).hex()[:32]}:{on}"

"""How often somebody may come, from the settings and a file that is read again while requests go on (SIGHUP).

INVARIANT: what is in force is whole: a file is read, checked as settings are, and put on the log before anything changes; then all of it
changes between two requests. Whatever is wrong with a file, the limits before it stay. What was used stays used.

The file is trusted with how often clients may come: whoever writes it can shut them out, or let one of them crowd out the others.
"""

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from pydantic import ValidationError

from safepassage.canonical import digest_of, json_object
from safepassage.ids import uuid7
from services.gateway.limit_settings import LimitSettings
from services.gateway.settings import GatewaySettings
from shared.contracts.audit import Actor, Context, Event

log = logging.getLogger("safe_passage.gateway")

LONGEST_FILE: Final = 65_536
MEMBERS: Final = frozenset(LimitSettings.model_fields)
_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,64}")
_OPERATOR: Final = Actor(kind="operator")
"""Whoever can signal the process is at its machine."""


class LimitsRefused(Exception):
    """A limits file is not one. `code` says why; `member`: which of its members, never what it is."""

    def __init__(self, code: str, member: str | None = None) -> None:
        super().__init__(f"{code}: {member}" if member else code)
        self.code, self.member = code, member


def with_limits_of(file: Path | None, told: GatewaySettings) -> GatewaySettings:
    """`told`, with the limits that the file has instead; without a file as they are. Raises LimitsRefused."""
    if file is None:
        return told
    try:
        with file.open("rb") as opened:
            data = opened.read(LONGEST_FILE + 1)
    except OSError as error:
        raise LimitsRefused("unreadable") from error
    if len(data) > LONGEST_FILE:
        raise LimitsRefused("too-large")
    try:
        given = json_object(data)
    except ValueError:
        raise LimitsRefused("no-json-object") from None  # its text may hold values, as below
    unknown = min(given.keys() - MEMBERS, default=None)
    if unknown is not None:
        raise LimitsRefused("unknown-member", unknown if _NAME.fullmatch(unknown) else None)
    try:
        limits = LimitSettings.model_validate(given, strict=True)
        return GatewaySettings(**(dict(told) | limits.model_dump(exclude_unset=True)))
    except ValidationError as error:
        raise LimitsRefused("wrong-value", str(error.errors()[0]["loc"][0])) from None


def limits_of(settings: LimitSettings) -> Mapping[str, Any]:
    """By name, all of them."""
    return {name: getattr(settings, name) for name in sorted(MEMBERS)}


def digest_of_limits(settings: LimitSettings) -> str:
    """By which two processes tell whether they have the same."""
    return digest_of(json.dumps(limits_of(settings), separators=(",", ":")).encode())


class LimitsInForce:
    """Of one process."""

    def __init__(self, told: GatewaySettings) -> None:
        """Raises LimitsRefused: a process does not start with a file that it cannot use."""
        self._told, self.asked = told, asyncio.Event()
        self.settings = with_limits_of(told.limits_file, told)

    def read(self) -> GatewaySettings:
        """The settings with what the file says now. Nothing is changed. Raises LimitsRefused."""
        return with_limits_of(self._told.limits_file, self._told)


def ask_to_read_again(app: FastAPI) -> None:
    """Have the file read again soon. Called in the process's loop; does not wait."""
    app.state.limits.asked.set()


def tell_in_force(app: FastAPI) -> None:
    """Say in the log and in readiness which limits are in force."""
    digest = digest_of_limits(app.state.limits.settings)
    app.state.in_force = {**app.state.in_force, "limits": digest}
    log.info("limits are in force", extra={"digest": digest})


async def read_again(app: FastAPI) -> None:
    """Read the file, put it on the log, and then in force. What is refused is on the log too, and changes nothing."""
    state = app.state
    limits: LimitsInForce = state.limits
    try:
        new = limits.read()
    except LimitsRefused as refused:
        log.error("the limits file is refused, the limits before it stay", extra={"code": refused.code, "member": refused.member})  # noqa: TRY400 what failed is named
        await _put_on_the_log(app, Context(operation="limits-changed", outcome="refused", reason=refused.code))
        return
    before, after = limits_of(limits.settings), limits_of(new)
    changed = [name for name in after if after[name] != before[name]]
    if changed:
        about = f"limits:{digest_of_limits(new)}"
        await _put_on_the_log(app, Context(operation="limits-changed", outcome="done", about=about, count=len(changed)))
        now = state.clock().timestamp()
        # INVARIANT: from here on nothing waits, so that no request meets the one limit changed and the other not.
        state.door.allowances.change(new, now)
        state.door.rates.change(new, now)
        limits.settings = new
        log.info("limits have changed", extra={"member": ", ".join(changed)})
    tell_in_force(app)


async def _put_on_the_log(app: FastAPI, context: Context) -> None:
    """For each process, as each changes by itself."""
    state = app.state
    event = Event(class_="administration", key=f"limits:{uuid7(state.clock())}", actor=_OPERATOR, context=context)
    async with state.database.transaction() as tx:
        state.outbox.record(tx, event)


async def keep_reading_when_asked(app: FastAPI) -> None:
    """A lifespan task of each process. Whoever asks several times at once has asked once."""
    asked = app.state.limits.asked
    while True:
        await asked.wait()
        asked.clear()
        try:
            await read_again(app)
        except Exception as error:
            log.error("limits could not be changed", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value

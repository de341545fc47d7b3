"""`policies`: how an agency changes its rules, step by step, on the store of the privacy service."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError

from node.commands.hand import FolderOption
from node.commands.output import console, stop
from node.commands.which_service import Service, settings_from_environment
from node.folder import NodeFolder
from safepassage.problems import SuiteError
from safepassage.wire_policy_sets import (
    NewCallOff,
    NewPolicyActivation,
    NewPolicyApproval,
    NewPolicyReplay,
    NewPolicySet,
    NewPolicyTests,
    PolicyActivation,
    PolicyReportRequest,
)
from services.privacy.policy import PolicySetBroken
from services.privacy.policy_administration import PolicyAdministration, policy_administration
from services.privacy.settings import PrivacySettings
from shared.clock import system_clock
from shared.keys import KeyFileUnusable
from shared.schema_head import SchemaNotAtHead

app = typer.Typer(no_args_is_help=True, help="Policy sets: draft, validate, test, replay, approve by two officials, activate, roll back.")

Result = TypeVar("Result")

SetOption = Annotated[str, typer.Option("--set", help="The policy hash, or its first eight characters or more.")]
OfficialOption = Annotated[str, typer.Option("--official", help="Who does it: the official's id, never a name.")]
RoleOption = Annotated[str, typer.Option("--role", help="The official's role.")]


@app.command("list")
def list_(node: FolderOption = None) -> None:
    """Print every set: hash, how far it has come, author, title."""
    for one in _with_hand(node, lambda hand: hand.sets()):
        console.print(f"{one.policy_hash}  {one.stage:9}  {one.author}  {one.title}")


@app.command()
def show(
    policy_hash: SetOption,
    texts: Annotated[Path | None, typer.Option(help="Write the packs there too, a file each.")] = None,
    node: FolderOption = None,
) -> None:
    """Print what a set changes, what was found of it, and what is missing before it may be approved."""
    document = _with_hand(node, lambda hand: hand.read(policy_hash))
    if texts is not None:
        texts.mkdir(parents=True, exist_ok=True)
        for name, text in document.packs.items():
            (texts / f"{name}.cedar").write_text(text)
    console.print_json(document.model_dump_json(exclude={"packs"}, exclude_none=True))


@app.command()
def draft(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Packs, `<name>.cedar`; with `<name>.json` where parsed.")],
    title: Annotated[str, typer.Option(help="What it is about, for those who approve it.")],
    official: OfficialOption,
    role: RoleOption = "privacy-officer",
    based_on: Annotated[str | None, typer.Option(help="The set whose other packs hold; the active one if not given.")] = None,
    without: Annotated[list[str] | None, typer.Option(help="A pack of that set to leave out; once for each.")] = None,
    node: FolderOption = None,
) -> None:
    """Draft a set: the packs of a folder on top of those of another set. Prints the new set's hash."""
    packs = [
        {"name": path.stem, "text": path.read_text()}
        | ({"parsed": json.loads(path.with_suffix(".json").read_text())} if path.with_suffix(".json").exists() else {})
        for path in sorted(folder.glob("*.cedar"))
    ]

    async def work(hand: PolicyAdministration) -> str:
        base = (await hand.read(based_on)).policy_hash if based_on else await _active(hand)
        new = _asked(NewPolicySet, official, role, title=title, based_on=base, packs=packs, without=without or ())
        return (await hand.draft(new)).policy_hash

    console.print(_with_hand(node, work))


@app.command()
def validate(policy_hash: SetOption, official: OfficialOption, role: RoleOption = "privacy-officer", node: FolderOption = None) -> None:
    """Check a set: Cedar's validator where it is installed, every rule of the lint, and that a state's packs only narrow."""
    report = _with_hand(node, lambda hand: hand.validate(policy_hash, _asked(PolicyReportRequest, official, role)))
    for finding in report.findings:
        console.print(f"- {finding}", markup=False)
    if not report.passed:
        stop("The set was not found good.", "Correct what is listed in its texts, and draft it again.")
    console.print(f"passed: {report.policies} policies; Cedar's validator: {report.cedar}")


@app.command("test")
def run_tests(
    policy_hash: SetOption,
    official: OfficialOption,
    role: RoleOption = "privacy-officer",
    table: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="JSON: cases, situations, changed_cases.")] = None,
    node: FolderOption = None,
) -> None:
    """Run the set's own table of cases and the built-in one, which has to stay true but for the rows that are named as changed."""
    given = {} if table is None else json.loads(table.read_text())
    report = _with_hand(node, lambda hand: hand.test(policy_hash, _asked(NewPolicyTests, official, role, **given)))
    for one in report.failed:
        console.print(f"- {one.id}  {one.citation}: {one.situation}: {one.element}: {one.expected}, found: {one.found}", markup=False)
    for name in report.named_in_vain:
        console.print(f"- {name}: named as changed, and is not", markup=False)
    if not report.passed:
        stop(f"{report.failed_count} cases are not true.", "Correct the set, or name rows that it changes on purpose in `changed_cases`.")
    ran = f"{report.own_cases} cases of its own, {report.built_in_cases} built in"
    console.print(f"passed: {ran}, {len(report.changed)} of them changed on purpose")


@app.command()
def replay(
    policy_hash: SetOption,
    official: OfficialOption,
    begins: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%dT%H:%M:%S%z"], help="2026-10-01T00:00:00+0000")],
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z"], help="Now, if not given.")] = None,
    role: RoleOption = "privacy-officer",
    node: FolderOption = None,
) -> None:
    """Run recorded decisions under a set: who would gain and who would lose, counted."""
    times = {"from": begins, "until": until or system_clock()}
    ended = _with_hand(node, lambda hand: hand.replay(policy_hash, _asked(NewPolicyReplay, official, role, **times)))
    if ended.report is None:
        stop("The replay failed.", "The service's log says why: a set or a key is missing.")
    console.print_json(ended.report.model_dump_json())


@app.command()
def approve(
    policy_hash: SetOption,
    official: OfficialOption,
    role: RoleOption = "privacy-officer",
    acknowledge: Annotated[list[str] | None, typer.Option(help="deny-to-permit, cedar-not-run or changed-cases; once for each.")] = None,
    node: FolderOption = None,
) -> None:
    """Approve a set for its next activation, as an official who did not draft it."""
    asked = _asked(NewPolicyApproval, official, role, acknowledges=acknowledge or ())
    console.print(str(_with_hand(node, lambda hand: hand.approve(policy_hash, asked)).id))


@app.command()
def activate(
    policy_hash: SetOption,
    official: OfficialOption,
    reason: Annotated[str, typer.Option(help="A code, as the log shows it.")] = "law-changed",
    role: RoleOption = "privacy-officer",
    begins: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%dT%H:%M:%S%z"], help="As soon as possible, if not given.")
    ] = None,
    replaces: Annotated[str | None, typer.Option(help="The set that would decide then; the active one if not given.")] = None,
    node: FolderOption = None,
) -> None:
    """Let an approved set decide from an instant on, never an earlier one."""

    async def work(hand: PolicyAdministration) -> PolicyActivation:
        replaced = (await hand.read(replaces)).policy_hash if replaces else await _active(hand)
        more = {} if begins is None else {"valid_from": begins}
        return await hand.activate(policy_hash, _asked(NewPolicyActivation, official, role, replaces=replaced, reason=reason, **more))

    _print(_with_hand(node, work))


@app.command("roll-back")
def roll_back(policy_hash: SetOption, official: OfficialOption, role: RoleOption = "privacy-officer", node: FolderOption = None) -> None:
    """Let an earlier set decide again, as soon as possible. Two officials approve it first, as any activation."""
    activate(policy_hash, official, reason="roll-back", role=role, begins=None, replaces=None, node=node)


@app.command("call-off")
def call_off(
    number: Annotated[int, typer.Argument(min=1, help="Of the activation, as `activations` lists it.")],
    official: OfficialOption,
    reason: Annotated[str, typer.Option(help="A code, as the log shows it.")] = "called-off",
    role: RoleOption = "privacy-officer",
    node: FolderOption = None,
) -> None:
    """Call an activation off before its start."""
    _print(_with_hand(node, lambda hand: hand.call_off(number, _asked(NewCallOff, official, role, reason=reason))))


@app.command()
def activations(node: FolderOption = None) -> None:
    """Print from when on which set decided, and which will, the last one first."""
    for one in _with_hand(node, lambda hand: hand.activations()):
        _print(one)


def _print(one: PolicyActivation) -> None:
    by = " ".join(filter(None, (one.first_official, one.second_official))) or "the release"
    state = "called off" if one.called_off_at else f"from {one.valid_from:%Y-%m-%dT%H:%M:%SZ}"
    console.print(f"{one.number}  {one.policy_hash}  {state}  {one.reason}  approved by {by}")


async def _active(hand: PolicyAdministration) -> str:
    return next(one.policy_hash for one in await hand.sets() if one.stage == "active")


def _asked(model: type[Result], official: str, role: str, **members: Any) -> Result:
    """A request for the official. Ends with the members at fault."""
    acting = {"pairwise_id": official, "role": role, "authenticated_at": system_clock()}
    try:
        return model.model_validate({"acting_official": acting} | members)  # type: ignore[attr-defined,no-any-return]  # a wire model
    except ValidationError as error:
        wrong = sorted({".".join(map(str, one["loc"])) for one in error.errors()})
        stop("Not understood: " + ", ".join(wrong), "See --help for the forms.", code=2)


def _settings(folder: Path | None) -> PrivacySettings:
    settings = settings_from_environment(Service.privacy) if folder is None else NodeFolder(folder).settings("privacy")
    if not isinstance(settings, PrivacySettings):
        raise TypeError("privacy's settings are PrivacySettings")
    return settings


def _with_hand(folder: Path | None, work: Callable[[PolicyAdministration], Awaitable[Result]]) -> Result:
    """Do something on the store. Ends with a plain sentence if it cannot be done."""
    settings = _settings(folder)

    async def run() -> Result:
        async with policy_administration(settings) as hand:
            return await work(hand)

    try:
        return asyncio.run(run())
    except SuiteError as error:
        stop(f"{error.title}{f' ({error.field})' if error.field else ''}: {error.detail or error.code}", error.remedy)
    except (KeyFileUnusable, SchemaNotAtHead, PolicySetBroken) as error:
        stop(str(error))

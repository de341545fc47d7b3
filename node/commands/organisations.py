"""`organisations`: the tree that says who sees whose students."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final, get_args
from uuid import UUID

import typer
from pydantic import ValidationError

from node.commands.hand import FolderOption, with_hand
from node.commands.output import console, stop
from node.days import today_in
from node.organisation_files import add_all, of_no_district, read_organisations
from safepassage.problems import SuiteError
from safepassage.wire_organisations import NewOrganisation, Organisation, OrganisationKind
from safepassage.wire_suspensions import Lifting, NewSuspension, Suspension, SuspensionReason
from services.gateway.registry.administration import Administration

REASONS: Final[tuple[SuspensionReason, ...]] = get_args(SuspensionReason)
LONGEST_REFERENCE: Final = 200

app = typer.Typer(no_args_is_help=True, help="The node's organizations: the state agency, districts, schools, vendors.")


@app.command("list")
def list_(node: FolderOption = None) -> None:
    """Print every organisation: id, kind, NCES id, name."""
    for one in with_hand(node, lambda hand: hand.organisations()):
        console.print(f"{one.id}  {one.kind:7} {one.nces_id or '-':12}  {one.name}")


@app.command()
def add(
    kind: Annotated[str, typer.Argument(help="sea, lea, school, vendor or agency.")],
    name: Annotated[str, typer.Argument()],
    node: FolderOption = None,
    parent: Annotated[UUID | None, typer.Option(help="A district's state agency; a school's district.")] = None,
    nces_id: Annotated[str | None, typer.Option(help="7 digits (agency) or 12 (school).")] = None,
    state_id: Annotated[str | None, typer.Option()] = None,
    time_zone: Annotated[str, typer.Option(help="IANA name.")] = "America/New_York",
    onward_transfer_agreed: Annotated[
        str | None, typer.Option(help="Document by which the district agrees that the state passes transfers on (34 CFR 99.33(b)).")
    ] = None,
    annual_notice_forwards_records: Annotated[
        str | None, typer.Option(help="Annual notice that says records are forwarded (99.34(a)(1)(ii)).")
    ] = None,
    annual_notice_school_officials: Annotated[
        str | None, typer.Option(help="Annual notice with the criteria of school officials (99.7(a)(3)(iii)).")
    ] = None,
    valid_from: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Today, if not given.")] = None,
    organisation_id: Annotated[UUID | None, typer.Option("--id", help="For the node's own agency: the id in node.json.")] = None,
) -> None:
    """Add an organisation; the other services hear of it within seconds."""
    since: date = valid_from.date() if valid_from else today_in(time_zone, *with_hand(node, _agency_zones))
    try:
        new = NewOrganisation(
            kind=_kind(kind),
            name=name,
            parent_id=parent,
            nces_id=nces_id,
            state_id=state_id,
            time_zone=time_zone,
            onward_transfer_agreed=onward_transfer_agreed,
            annual_notice_forwards_records=annual_notice_forwards_records,
            annual_notice_school_officials=annual_notice_school_officials,
            valid_from=since,
        )
    except ValidationError as error:
        stop("Not an organization: " + ", ".join(str(one["loc"][0]) for one in error.errors()), "See --help for the forms.", code=2)
    added: Organisation = with_hand(node, lambda hand: hand.add_organisation(new, organisation_id=organisation_id))
    console.print(str(added.id))


async def _agency_zones(hand: Administration) -> list[str]:
    """The state agency's time zone; none before there is one."""
    return [one.time_zone for one in await hand.organisations() if one.kind == "sea"]


@app.command()
def load(
    files: Annotated[Path, typer.Argument(exists=True, help="OneRoster package or Ed-Fi interchange files: a zip or a folder.")],
    node: FolderOption = None,
    onward_transfer_agreed: Annotated[str | None, typer.Option(help="As for `add`; of every district.")] = None,
    annual_notice_forwards_records: Annotated[str | None, typer.Option(help="As for `add`; of every district.")] = None,
    annual_notice_school_officials: Annotated[str | None, typer.Option(help="As for `add`; of every district.")] = None,
) -> None:
    """Add the districts and schools that a roster's files name; print the districts."""
    agreements = {
        "onward_transfer_agreed": onward_transfer_agreed,
        "annual_notice_forwards_records": annual_notice_forwards_records,
        "annual_notice_school_officials": annual_notice_school_officials,
    }
    try:
        named, left_out = read_organisations(files)
    except SuiteError as error:
        stop(f"{error.title}: {error.detail or error.code}", error.remedy)

    async def add(hand: Administration) -> list[Organisation]:
        agency = next((one for one in await hand.organisations() if one.kind == "sea"), None)
        if agency is None:
            stop("The state agency is not there yet.", "First: safepassage-node organisations add sea NAME --id THE-ONE-IN-NODE.JSON")
        zone = agency.time_zone
        return await add_all(hand, named, agency_id=agency.id, time_zone=zone, today=today_in(zone), agreements=agreements)

    added = with_hand(node, add)
    console.print(f"{len(added)} organizations added, {len(named) - len(added)} were there or name no district of these files.")
    for one in of_no_district(named):
        console.print(f"{one.source_id}  a school that names no district of these files: not added")
    for other in left_out:
        console.print(f"{other.position}  {other.reason}: not added")
    for district in (one for one in added if one.kind == "lea"):
        console.print(f"{district.id}  {district.name}")


@app.command()
def suspend(
    organisation: Annotated[UUID, typer.Argument(help="A vendor or agency.")],
    reason: Annotated[str, typer.Option(help=f"One of {', '.join(REASONS)}.")],
    reference: Annotated[str, typer.Option(help="Of what it rests on, in your own records; nobody's name.")],
    node: FolderOption = None,
) -> None:
    """Put all clients of a party out at once, their living tokens too; none comes in until it is lifted."""
    known = next((one for one in REASONS if one == reason), None) or stop(f"A reason is one of {', '.join(REASONS)}.", code=2)
    new = NewSuspension(reason=known, reference=_reference(reference))
    suspension: Suspension = with_hand(node, lambda hand: hand.suspend_party(organisation, new))
    console.print(f"suspended; clients put out: {len(suspension.client_ids)}")


@app.command("lift-suspension")
def lift_suspension(
    organisation: Annotated[UUID, typer.Argument()],
    reference: Annotated[str, typer.Option(help="Of what it rests on, in your own records; nobody's name.")],
    node: FolderOption = None,
) -> None:
    """Let in again what the suspension put out, with new tokens; what was disabled before stays out."""
    lifting = Lifting(reference=_reference(reference))
    with_hand(node, lambda hand: hand.lift_suspension(organisation, lifting))
    console.print("lifted")


def _reference(said: str) -> str:
    return said if 0 < len(said) <= LONGEST_REFERENCE else stop(f"A reference has 1 to {LONGEST_REFERENCE} characters.", code=2)


def _kind(kind: str) -> OrganisationKind:
    kinds: tuple[OrganisationKind, ...] = ("sea", "lea", "school", "vendor", "agency")
    found = next((one for one in kinds if one == kind), None)
    return found or stop("A kind is one of sea, lea, school, vendor, agency; peers come from the trust list.", code=2)

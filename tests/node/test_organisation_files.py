"""Organisations from a roster's files: a school that has no place among them is told of, not left out in silence."""

import asyncio
from pathlib import Path

import pytest

from node.commands.hand import gateway_settings
from node.folder import NodeFolder
from node.organisation_files import LeftOut, of_no_district, read_organisations
from safepassage.wire_organisations import Organisation
from services.gateway.registry.administration import administration
from tests.node.test_clients import Node, run

SCHOOLS = """sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId
d1,,,Oak District,district,0300001,
s1,,,Oak School,school,030000100001,d1
s2,,,Nowhere School,school,030000100002,
s3,,,Elsewhere School,school,030000100003,d9
"""


OTHERS = """x1,,,The State,state,03,
x2,,,Library,department,,d1
x3,,,Hush,secret-word,,d1
x4,tobedeleted,2026-01-01,Gone School,school,030000100009,d1
"""
EDFI = """<InterchangeEducationOrganization xmlns="http://ed-fi.org/5.2.0">
<StateEducationAgency><NameOfInstitution>State</NameOfInstitution><StateEducationAgencyId>1</StateEducationAgencyId></StateEducationAgency>
<School><NameOfInstitution>Oak</NameOfInstitution><SchoolId>2</SchoolId></School>
<School><NameOfInstitution>Nameless</NameOfInstitution></School>
<Location><ClassroomIdentificationCode>7</ClassroomIdentificationCode></Location>
<HushHush><NameOfInstitution>Hush</NameOfInstitution></HushHush>
</InterchangeEducationOrganization>"""


def package(folder: Path, orgs: str) -> Path:
    (folder / "orgs.csv").write_text(orgs)
    (folder / "users.csv").write_text("sourcedId\n")
    (folder / "manifest.csv").write_text(
        "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.orgs,bulk\nfile.users,bulk\n"
    )
    return folder


@pytest.mark.requirement("FORM-quality")
def test_an_organisation_of_another_kind_is_told_of_by_place_and_by_a_kind_that_the_format_has(tmp_path: Path) -> None:
    named, left_out = read_organisations(package(tmp_path, SCHOOLS + OTHERS))
    assert [one.source_id for one in named] == ["d1", "s1", "s2", "s3"]
    assert left_out == [
        LeftOut("orgs.csv:5", "neither district nor school: state"),
        LeftOut("orgs.csv:6", "neither district nor school: department"),
        LeftOut("orgs.csv:7", "neither district nor school: another kind"),
        LeftOut("orgs.csv:8", "to be deleted"),
    ]


@pytest.mark.requirement("FORM-quality")
def test_of_an_interchange_each_organisation_is_added_or_told_of(tmp_path: Path) -> None:
    (tmp_path / "o.xml").write_text(EDFI)
    named, left_out = read_organisations(tmp_path)
    assert [one.source_id for one in named] == ["2"]
    assert left_out == [
        LeftOut("o.xml:1", "neither district nor school: StateEducationAgency"),
        LeftOut("o.xml:3", "without SchoolId"),
        LeftOut("o.xml:5", "neither district nor school: another kind"),
    ]


def test_a_school_that_names_no_district_of_the_files_is_told_of(tmp_path: Path) -> None:
    package(tmp_path, SCHOOLS)
    named, _ = read_organisations(tmp_path)
    assert [one.source_id for one in named] == ["d1", "s1", "s2", "s3"]
    assert [one.source_id for one in of_no_district(named)] == ["s2", "s3"]


def test_they_are_loaded_where_services_run_apart_below_the_agency_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = Node(tmp_path / "alder")
    settings = NodeFolder(node.folder).settings("gateway")
    for name in ("entity_id", "database_url", "keys_directory"):
        monkeypatch.setenv(f"SAFE_PASSAGE_{name.upper()}", str(getattr(settings, name)))
    (tmp_path / "files").mkdir()
    files = str(package(tmp_path / "files", SCHOOLS))
    code, said = run("organisations", "load", files)
    assert (code, said.splitlines()[0]) == (0, "2 organizations added, 2 were there or name no district of these files.")
    assert "0 organizations added" in run("organisations", "load", files, "--node", str(node.folder))[1]
    assert [one.parent_id for one in _organisations(node) if one.kind == "lea"] == [NodeFolder(node.folder).file.organisation_id]


def test_before_the_agency_is_there_nothing_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = Node(tmp_path / "alder")
    settings = NodeFolder(node.folder).settings("gateway")
    empty = f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
    for name, value in (("entity_id", settings.entity_id), ("database_url", empty), ("keys_directory", settings.keys_directory)):
        monkeypatch.setenv(f"SAFE_PASSAGE_{name.upper()}", str(value))
    assert run("migrate", "gateway")[0] == 0
    (tmp_path / "files").mkdir()
    code, said = run("organisations", "load", str(package(tmp_path / "files", SCHOOLS)))
    assert code == 1
    assert "The state agency is not there yet" in said


def _organisations(node: Node) -> list[Organisation]:
    async def read() -> list[Organisation]:
        async with administration(gateway_settings(node.folder)) as hand:
            return await hand.organisations()

    return asyncio.run(read())

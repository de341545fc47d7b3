"""Organisations from a roster's files: a school that has no place among them is told of, not left out in silence."""

from pathlib import Path

from node.organisation_files import of_no_district, organisations_in

SCHOOLS = """sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId
d1,,,Oak District,district,0300001,
s1,,,Oak School,school,030000100001,d1
s2,,,Nowhere School,school,030000100002,
s3,,,Elsewhere School,school,030000100003,d9
"""


def test_a_school_that_names_no_district_of_the_files_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "orgs.csv").write_text(SCHOOLS)
    (tmp_path / "users.csv").write_text("sourcedId\n")
    (tmp_path / "manifest.csv").write_text(
        "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.orgs,bulk\nfile.users,bulk\n"
    )
    named = organisations_in(tmp_path)
    assert [one.source_id for one in named] == ["d1", "s1", "s2", "s3"]
    assert [one.source_id for one in of_no_district(named)] == ["s2", "s3"]

"""The schemas of Ed-Fi interchange files that the node ships, made from the published files of Data Standard 5.0.0, 5.1.0 and 5.2.0.

`python -m tests.records.formats.edfi_core VERSION PATH/Schemas/Bulk` writes services/records/formats/edfi_core_5_2.xsd.gz for 5.2.0: the
types of Ed-Fi-Core.xsd that an interchange reaches, without annotations, and the elements of all interchanges as global ones.
"""

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from lxml import etree

from tests.house.sources import ROOT

COMMITS: Final = {"5.0.0": "17ee06d", "5.1.0": "067dd82", "5.2.0": "e181f48"}
"""Of each version of the standard."""
FOLDER: Final = ROOT / "services" / "records" / "formats"
XS: Final = "{http://www.w3.org/2001/XMLSchema}"


def notice(version: str) -> str:
    """Whose the schema of a version is, and what was changed."""
    return (
        f" Ed-Fi Data Standard {version}, Schemas/Bulk (Ed-Fi-Alliance-OSS/Ed-Fi-Data-Standard {COMMITS[version]}), Copyright "
        "Ed-Fi Alliance, LLC, Apache License 2.0 (https://www.apache.org/licenses/LICENSE-2.0). Changed: annotations taken out; the "
        "elements of every interchange are global. "
    )


def target(version: str) -> Path:
    """Where it is."""
    major, minor, _ = version.split(".")
    return FOLDER / f"edfi_core_{major}_{minor}.xsd.gz"


def made_of(version: str, folder: Path) -> bytes:
    """The schema, not compressed."""
    parser = etree.XMLParser(remove_blank_text=True, remove_comments=True)
    core = etree.parse(folder / "Ed-Fi-Core.xsd", parser).getroot()
    for one in [*core.iter(f"{XS}annotation"), *core.iter(f"{XS}import")]:
        one.getparent().remove(one)
    elements = dict(sorted(pair for file in folder.glob("Interchange-*.xsd") for pair in _elements(etree.parse(file, parser))))
    reached, left = set[str](), list(elements.values())
    types = {one.get("name"): one for one in core}
    while left:
        name = left.pop()
        if name in types and name not in reached:
            reached.add(name)
            left += _named(types[name])
    for name, one in types.items():
        if name not in reached:
            core.remove(one)
    for name, kind in elements.items():
        etree.SubElement(core, f"{XS}element", name=name, type=kind)
    core.insert(0, etree.Comment(notice(version)))
    written: bytes = etree.tostring(core)
    return written


def _elements(interchange: Any) -> Iterator[tuple[str, str]]:
    for one in interchange.iter(f"{XS}element"):
        if one.get("type"):
            yield one.get("name"), one.get("type")


def _named(one: Any) -> Iterator[str]:
    for part in one.iter():
        for member in ("type", "base"):
            if part.get(member):
                yield part.get(member)


if __name__ == "__main__":
    target(sys.argv[1]).write_bytes(gzip.compress(made_of(sys.argv[1], Path(sys.argv[2])), 9, mtime=0))

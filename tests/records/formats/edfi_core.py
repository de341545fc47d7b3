"""The schema of Ed-Fi interchange files that the node ships, made from the published files of Data Standard 5.2.0.

`python -m tests.records.formats.edfi_core PATH/Schemas/Bulk` writes services/records/formats/edfi_core.xsd.gz: the types of
Ed-Fi-Core.xsd that an interchange reaches, without annotations, and the elements of all interchanges as global ones.
"""

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from lxml import etree

from tests.house.sources import ROOT

TARGET: Final = ROOT / "services" / "records" / "formats" / "edfi_core.xsd.gz"
NOTICE: Final = (
    " Ed-Fi Data Standard 5.2.0, Schemas/Bulk (Ed-Fi-Alliance-OSS/Ed-Fi-Data-Standard e181f48), Copyright Ed-Fi Alliance, LLC, Apache "
    "License 2.0 (https://www.apache.org/licenses/LICENSE-2.0). Changed: annotations taken out; the elements of every interchange are "
    "global. "
)
XS: Final = "{http://www.w3.org/2001/XMLSchema}"


def made_of(folder: Path) -> bytes:
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
    core.insert(0, etree.Comment(NOTICE))
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
    TARGET.write_bytes(gzip.compress(made_of(Path(sys.argv[1])), 9, mtime=0))

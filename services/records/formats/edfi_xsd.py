"""Elements of Ed-Fi interchange files against the published schema of their version: what does not hold is told, and read all the same.

The schemas are the Ed-Fi Alliance's, under the Apache License 2.0: edfi_core_5_2.xsd.gz and its like name their source and what was taken
out, and are made by tests/records/formats/edfi_core.py. Each is compiled once by libxml2; an element is checked when it has been read by
itself, without DTD, entity or network, so nothing in it can be expanded.
"""

import gzip
import re
from functools import cache
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element, tostring
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from services.records.formats.not_valid import Fault, named

SCHEMAS: Final = {f"http://ed-fi.org/5.{minor}.0": f"edfi_core_5_{minor}.xsd.gz" for minor in range(3)}
"""By the namespace of the interchanges that it is of. What is of another version is read, and not checked."""

_LOCAL: Final = re.compile(r"\{[^}]*\}")


@cache
def _schema(namespace: str) -> tuple[Any, frozenset[str], frozenset[str]]:
    """Compiled, with its top-level elements and the names of all its elements."""
    data = gzip.decompress((Path(__file__).parent / SCHEMAS[namespace]).read_bytes())
    tree = etree.fromstring(data, _parser())
    element = "{http://www.w3.org/2001/XMLSchema}element"
    names = frozenset(str(one.get("name")) for one in tree.iter(element))
    return etree.XMLSchema(tree), frozenset(str(one.get("name")) for one in tree.findall(element)), names


def _parser() -> Any:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def faults_of_element(element: Element, namespace: str) -> tuple[Fault, ...]:
    """What of a top-level element, its tags without the namespace, is not as the schema has it; nothing of one that the schema lacks.

    namespace  one of SCHEMAS

    INVARIANT: a name that the schema does not have is the sender's, and is not told; no text is.
    """
    schema, top, names = _schema(namespace)
    if element.tag not in top:
        return ()
    # read anew, in the schema's namespace: the default one is put on the element alone
    text = text_of(element).replace(f"<{element.tag}", f'<{element.tag} xmlns="{namespace}"', 1)
    try:
        tree = etree.fromstring(text, _parser())
    except etree.XMLSyntaxError:  # deeper than 256 levels, or a text of ten million characters: more than libxml2 takes
        return (Fault(element.tag, "too-large-to-check"),)
    if schema.validate(tree):
        return ()
    found = dict.fromkeys(Fault(_member(tree, entry.path, names), _rule(entry.type_name)) for entry in schema.error_log)
    return tuple(found)


def text_of(element: Element) -> str:
    """An element as XML. ElementTree's own writer looks for the namespaces of all names first, which of an interchange's have none."""
    parts: list[str] = []
    return "".join(parts) if _written(element, parts) else tostring(element, encoding="unicode")


def _written(element: Element, parts: list[str]) -> bool:
    """False where a name is of a namespace of its own."""
    tag, text = element.tag, element.text
    if tag[0] == "{":
        return False
    said = escape(text) if text else ""
    if element.attrib:
        if any(name[0] == "{" for name in element.attrib):
            return False
        parts.append(f"<{tag} {' '.join(name + '=' + quoteattr(value) for name, value in element.attrib.items())}>{said}")
    elif not len(element):
        parts.append(f"<{tag}>{said}</{tag}>")
        if element.tail:
            parts.append(escape(element.tail))
        return True
    else:
        parts.append(f"<{tag}>{said}")
    for child in element:
        if not _written(child, parts):
            return False
    parts.append(f"</{tag}>{escape(element.tail) if element.tail else ''}")
    return True


def _member(tree: Any, path: str | None, names: frozenset[str]) -> str:
    """The path of names to where libxml2 says that it is."""
    there = tree.xpath(path) if path else []
    at = there[0] if there and etree.iselement(there[0]) else tree
    steps = [_LOCAL.sub("", str(one.tag)) for one in (*reversed(list(at.iterancestors())), at)]
    return named(steps, known=names)


def _rule(name: str) -> str:
    """SCHEMAV_CVC_ENUMERATION_VALID is enumeration-valid."""
    return name.removeprefix("SCHEMAV_").removeprefix("CVC_").replace("_", "-").casefold()

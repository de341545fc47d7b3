"""What may go where a statement of disagreement has no place. Pure.

34 CFR 99.21(c): a contested part is disclosed with its statement, or not at all.
"""

from collections.abc import Mapping
from typing import Any

from safepassage.elements import SECTIONS
from services.records.record_sources import STATEMENTS


def without_contested(document: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The sections of a document without what a statement relates to, and without statements; and the elements that stayed."""
    targets = {target for statement in document.get(STATEMENTS, ()) for target in statement["relates_to"]}
    kept: dict[str, Any] = {}
    contested: list[str] = []
    for section in SECTIONS:
        for member, value in document.get(section, {}).items():
            element = f"{section}.{member}"
            if section in targets or element in targets:
                contested.append(element)
            else:
                kept.setdefault(section, {})[member] = value
    return kept, contested

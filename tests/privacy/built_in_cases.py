"""The table of cases as the service has it: `make policies` writes it from the rows beside the law's rules (tests/privacy/policy)."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from services.privacy.policy_cases import FILE
from tests.privacy.policy.cfr_rows import Row
from tests.privacy.policy.every_situation import SITUATIONS
from tests.privacy.policy.situations import changed
from tests.privacy.policy.test_cfr_table import ROWS


def document() -> str:
    """The file's text: a row to a line."""
    situations = json.dumps(SITUATIONS, sort_keys=True)
    rows = ",\n".join(json.dumps(case(row), sort_keys=True) for row in ROWS)
    return f'{{"v": 1, "situations": {situations},\n"cases": [\n{rows}\n]}}\n'


def case(row: Row) -> dict[str, Any]:
    """A row as `safepassage.wire_policy_sets.PolicyCase`: facts by their whole path, null for one that is gone."""
    before, after = (json.loads(json.dumps(it)) for it in (SITUATIONS[row.situation], changed(SITUATIONS[row.situation], row.changes)))
    said: dict[str, Any] = {
        "citation": row.citation,
        "situation": row.situation,
        "changes": dict(differences(before, after)),
        "element": row.element,
        "permitted": row.permitted,
        "policy": row.policy,
        "reason": row.reason,
        "obligations": sorted(row.obligations) if row.permitted else None,
    }
    return {name: value for name, value in said.items() if value is not None}


def differences(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each fact that differs, by its path."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted({*before, *after}):
            at = f"{path}.{name}" if path else name
            if name not in after:
                yield at, None
            elif name not in before:
                yield at, after[name]
            else:
                yield from differences(before[name], after[name], at)
    elif path == "groups" and isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, other, f"{path}.{number}")
    elif before != after:
        yield path, after


if __name__ == "__main__":
    FILE.write_text(document())

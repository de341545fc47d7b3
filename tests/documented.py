"""The OpenAPI documents as they are pinned in openapi/, which tests/house holds against the code: reading takes a tenth of making one."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from shared.who_may_call import ServiceName

ROOT = Path(__file__).parents[1]


@cache
def documented(service: ServiceName) -> dict[str, Any]:
    """The document of a service: one for a process, to be read only."""
    document: dict[str, Any] = json.loads((ROOT / "openapi" / f"{service}.json").read_text())
    return document

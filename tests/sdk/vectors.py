"""The vectors of tests/vectors, as they stand in the files."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "vectors"


def vectors(name: str) -> Any:
    """The content of `tests/vectors/<name>.json`."""
    return json.loads((FOLDER / f"{name}.json").read_text())

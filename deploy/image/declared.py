"""Print what the distributions of the given pyproject files declare that they need, but for one another."""

import sys
import tomllib
from pathlib import Path

projects = [tomllib.loads(Path(name).read_text())["project"] for name in sys.argv[1:]]
own = {project["name"] for project in projects}
print("\n".join(need for project in projects for need in project["dependencies"] if need not in own))  # noqa: T201 a script

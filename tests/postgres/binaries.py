"""Where PostgreSQL's own programs are, as with-cluster finds them."""

from pathlib import Path
from typing import Final

_PLACES: Final = ("/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew")
BINARIES: Final = max((path.parent for place in _PLACES for path in Path(place).glob("**/bin/initdb")), default=Path("/"))
"""The folder of the newest; a folder without them where there are none."""

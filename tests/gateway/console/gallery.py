"""`make gallery`: every page of the console as a picture, with data and empty, on a phone and on a desk, light and dark, to be looked at.

`python -m tests.gateway.console.gallery FOLDER` writes them into FOLDER, and an index.html that shows them beside each other.
"""

import asyncio
import re
import sys
import tempfile
from collections.abc import Iterable
from html import escape
from pathlib import Path

from services.gateway.console.navigation import MENU
from services.gateway.people.roles import Role
from tests.gateway.console.foreign import more_paths
from tests.gateway.console.looking import Looked, looking, something_crossed
from tests.gateway.console.test_pages import one_duty

LOOKS = ((320, "light"), (1440, "light"), (1440, "dark"))
REFUSED = ("/console/duties?kind=none", "/console/statistics/00000000-0000-4000-8000-000000000000")


async def take(folder: Path) -> list[Path]:
    """The pictures, in the order of the menu: as an auditor sees the pages, and others those that are not an auditor's."""
    taken: list[Path] = []
    with tempfile.TemporaryDirectory() as place:
        async with looking(Path(place), name="Oregon Department of Education") as looked:
            taken += await _pages(looked, _places("auditor"), folder, "empty")
            await one_duty(looked.console)
            await something_crossed(looked.console)
            more = [path for made in more_paths().values() for path in await made(looked.console)]
            taken += await _pages(looked, [*_places("auditor"), *more], folder, "data")
            taken += await _pages(looked, REFUSED, folder, "refused")
            for role in ("privacy-officer", "operator", "approver", "district-officer"):
                await looked.sign_in(role)
                taken += await _pages(looked, _places(role, but="auditor"), folder, role)
    return taken


def _places(role: Role, *, but: Role | None = None) -> list[str]:
    inside = [place for _, places in MENU for place in places if role in place.roles]
    return [place.path for place in inside if place.path == "/console" or but not in place.roles]


async def _pages(looked: Looked, paths: Iterable[str], folder: Path, kind: str) -> list[Path]:
    taken = []
    for number, path in enumerate(paths):
        await looked.page.ask("Page.navigate", url=f"{looked.origin}{path}")
        await looked.there(path)
        for width, scheme in LOOKS:
            await looked.size(width, scheme=scheme)
            name = re.sub(r"[^a-z-]+", "_", re.sub(r"[0-9a-f-]{36}|[A-Za-z0-9_-]{60,}", "x", path.partition("?")[0]).lower()).strip("_")
            file = folder / f"{kind}-{number:02}-{name}-{width}-{scheme}.png"
            await looked.photograph(file)
            taken.append(file)
        sys.stderr.write(f"{kind}: {path}\n")
    return taken


def index_of(files: Iterable[Path]) -> str:
    """A page that shows the pictures, a row for each page."""
    rows: dict[str, list[Path]] = {}
    for file in files:
        rows.setdefault(re.sub(r"-\d+-(light|dark)$", "", file.stem), []).append(file)
    shown = "".join(f"<h2>{escape(name)}</h2><p>{' '.join(map(_shown, looks))}</p>" for name, looks in rows.items())
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><title>The console</title><h1>The console</h1>{shown}</html>'


def _shown(file: Path) -> str:
    name = escape(file.name)
    return f'<a href="{name}"><img loading="lazy" height="480" alt="{name}" src="{name}"></a>'


def main() -> None:
    """Write them."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text(index_of(asyncio.run(take(folder))))
    sys.stdout.write(f"{folder / 'index.html'}\n")


if __name__ == "__main__":
    main()

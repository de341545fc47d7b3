"""`make gallery`: every page of the console and of families as a picture, with data and empty, in both languages, to be looked at.

`python -m tests.gateway.console.gallery FOLDER` writes them into FOLDER, and an index.html that shows them beside each other. With
a PATTERN after it only the pages whose picture's name has it somewhere: `spanish-0-.*log` is the log in Spanish, as the auditor sees it.
"""

import argparse
import asyncio
import re
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Literal

import pytest

from services.gateway.people.roles import Role
from tests.gateway.console.acting import pages_of_roles
from tests.gateway.console.decided import cut_down
from tests.gateway.console.emptiness import empty_pages
from tests.gateway.console.enrolled import child, enrolled
from tests.gateway.console.looking import Looked, looking
from tests.gateway.console.test_family_links_on_pages import identity, of_student
from tests.gateway.console.test_today import silence
from tests.gateway.family.families import Families
from tests.gateway.family.sweep import PATHS, something_said

Look = tuple[int, Literal["light", "dark"]]
LOOKS: tuple[Look, ...] = ((320, "light"), (1024, "light"), (1440, "light"), (320, "dark"), (1440, "dark"))
FEW: tuple[Look, ...] = ((320, "light"), (1440, "dark"))
"""Where the same page is there in all looks too."""
NOBODYS = "00000000-0000-4000-8000-000000000000"
REFUSED = ("/console/duties?kind=none", f"/console/statistics/{NOBODYS}", "/console/nothing", "/console/states")
OPEN = ("/public", "/public/es", "/sign-in", "/signed-out", "/family/link")
OTHERS: tuple[Role, ...] = ("privacy-officer", "operator", "approver", "district-officer")


@dataclass(frozen=True)
class Album:
    """Where the pictures go, and which of them are wanted."""

    folder: Path
    only: re.Pattern[str]

    def wants(self, name: str) -> bool:
        """Whether a picture of this name is to be taken."""
        return self.only.search(name) is not None


async def take(album: Album) -> list[Path]:
    """The pictures: each page with nothing on it, with data, in Spanish, where no service answers; what families and all see."""
    taken: list[Path] = []
    with tempfile.TemporaryDirectory() as place:
        async with looking(Path(place), name="Oregon Department of Education") as looked:
            number = 0
            async for person, paths in empty_pages(looked.console):
                await looked.see_as(person)
                taken += await _pages(looked, paths, album, f"empty-{number}")
                number += 1
    with tempfile.TemporaryDirectory() as place:
        async with looking(Path(place), name="Oregon Department of Education") as looked:
            made = [shown async for shown in pages_of_roles(looked.console)]
            for number, (person, paths) in enumerate(made):
                await looked.see_as(person)
                taken += await _pages(looked, paths, album, f"data-{number}")
                await looked.speak("es")
                taken += await _pages(looked, paths, album, f"spanish-{number}", ((320, "light"), (1440, "light")))
            for role in OTHERS:
                await looked.sign_in(role)
                taken += await _pages(looked, ["/console"], album, role, FEW)
            taken += await _pages(looked, REFUSED, album, "refused")
            taken += await _forms(looked, album)
            taken += await _family(looked, album)
            await looked.page.ask("Network.clearBrowserCookies")
            taken += await _pages(looked, OPEN, album, "open")
            silence(looked.console, "audit", "privacy", "records")
            for number, (person, paths) in enumerate(made):
                await looked.see_as(person)
                taken += await _pages(looked, paths, album, f"silent-{number}", FEW)
    return taken


async def _forms(looked: Looked, album: Album) -> list[Path]:
    """A form that was sent with nothing in it, and a link to the family's page."""
    taken: list[Path] = []
    officer = await looked.console.browser("privacy-officer")
    await looked.see_as(officer)
    _, making = await of_student(looked.console, officer, await enrolled(looked.console, child()))
    for kind, form in (("form-refused", {}), ("link-made", identity(looked.console))):
        await looked.go(making[0])
        await looked.page.value("document.querySelectorAll('form.act [required]').forEach(one => one.required = false)")
        await looked.send(**form)
        taken += await _looks(looked, album, kind)
    return taken


async def _family(looked: Looked, album: Album) -> list[Path]:
    """What a parent sees: with nothing on record, with something, in Spanish."""
    families, taken = Families(looked.console), list[Path]()
    facts = await families.student()
    await looked.see_as(await families.visit(facts))
    taken += await _pages(looked, PATHS, album, "family-empty")
    paths = ["/family/link", "/family/left", *PATHS, *await something_said(families, facts)]
    taken += await _pages(looked, paths, album, "family")
    await looked.speak("es")
    return [*taken, *await _pages(looked, paths, album, "family-spanish")]


async def _pages(looked: Looked, paths: Iterable[str], album: Album, kind: str, looks: Iterable[Look] = LOOKS) -> list[Path]:
    taken = []
    for number, path in enumerate(paths):
        where = re.sub(r"[^a-z-]+", "_", re.sub(r"[0-9a-f-]{36}|[A-Za-z0-9_-]{40,}", "x", path.partition("?")[0]).lower()).strip("_")
        if not album.wants(name := f"{kind}-{number:02}-{where}"):
            continue
        await looked.go(path)
        taken += await _looks(looked, album, name, looks)
        sys.stderr.write(f"{kind}: {path}\n")
    return taken


async def _looks(looked: Looked, album: Album, name: str, looks: Iterable[Look] = LOOKS) -> list[Path]:
    """The page that is there, in each width and light."""
    taken = []
    for width, scheme in looks if album.wants(name) else ():
        await looked.size(width, scheme=scheme)
        taken.append(album.folder / f"{name}-{width}-{scheme}.png")
        await looked.photograph(taken[-1])
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
    parser = argparse.ArgumentParser(description="Every page of the console and of families as a picture, to be looked at.")
    parser.add_argument("folder", type=Path, help="where the pictures go, with an index.html")
    parser.add_argument("pattern", nargs="?", type=re.compile, default="", help="only pictures whose name has it: spanish-0-.*log")
    asked = parser.parse_args()
    folder, only = asked.folder, asked.pattern
    folder.mkdir(parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        cut_down(patch)
        (folder / "index.html").write_text(index_of(asyncio.run(take(Album(folder, only)))))
    sys.stdout.write(f"{folder / 'index.html'}\n")


if __name__ == "__main__":
    main()

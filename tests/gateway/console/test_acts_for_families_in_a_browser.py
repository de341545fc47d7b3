"""What an officer does for a family, in a real browser: axe-core finds nothing, and a link that was shown is shown to nobody again."""

import json
import re
from hashlib import sha256
from pathlib import Path

import pytest

from tests.axe import found_by_axe
from tests.gateway.console.consoles import HOSTILE
from tests.gateway.console.enrolled import child, enrolled
from tests.gateway.console.looking import Looked, looking
from tests.gateway.console.test_family_links_on_pages import identity, of_student, rows
from tests.gateway.console.test_written_down_for_families import vendor
from tests.gateway.people.signing_in import Browser

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

SHOWN = "document.querySelector('#link')?.value ?? ''"


async def as_officer(looked: Looked) -> Browser:
    """The browser's person is an officer from now on; another browser of the same session, for what is looked up beside it."""
    officer = await looked.console.browser("privacy-officer")
    await looked.see_as(officer)
    return officer


async def require_nothing_found(looked: Looked) -> None:
    """On the page that is there, at every width and in every light."""
    for width in (320, 1440):
        for scheme in ("light", "dark"):
            await looked.size(width, scheme=scheme)
            assert await found_by_axe(looked.page) == []
            assert await looked.page.value("document.documentElement.scrollWidth") <= width


async def test_a_link_is_made_shown_printed_and_taken_back(tmp_path: Path) -> None:
    async with looking(tmp_path, role="privacy-officer") as looked:
        officer = await as_officer(looked)
        path, making = await of_student(looked.console, officer, await enrolled(looked.console, child()))
        await looked.go(making[0])
        await require_nothing_found(looked)
        await looked.send(**identity(looked.console))
        link = await looked.page.value(SHOWN)
        assert link.startswith(f"{looked.origin}/family/link#")
        await require_nothing_found(looked)
        await looked.page.ask("Emulation.setEmulatedMedia", media="print")
        displayed = "getComputedStyle(document.querySelector('{}')).display"
        assert await looked.page.value(displayed.format(".not-printed")) == "none"
        assert await looked.page.value(displayed.format(".letter")) != "none"
        await looked.page.ask("Emulation.setEmulatedMedia", media="")
        secret = link.partition("#")[2]
        assert secret not in await looked.page.value("location.href + document.title + document.referrer")
        await looked.go(path)
        await require_nothing_found(looked)
        assert secret not in await looked.page.value("document.documentElement.outerHTML")
        taking_back = await looked.page.value("document.querySelector('a[href$=withdrawal]').getAttribute('href')")
        await looked.page.value("void setTimeout(() => history.back())")
        await looked.page.until("document.readyState === 'complete' && document.body !== null && location.pathname !== " + json.dumps(path))
        assert secret not in await looked.page.value("document.documentElement.outerHTML")
        await looked.go(taking_back)
        await require_nothing_found(looked)
        await looked.send()
        assert await looked.page.value("location.pathname") == path
        blocked = [one for one in looked.page.complaints if "status of 422" not in one]
        assert blocked == []


async def test_a_double_click_leaves_the_officer_with_the_link(tmp_path: Path) -> None:
    async with looking(tmp_path, role="privacy-officer") as looked:
        officer = await as_officer(looked)
        _, making = await of_student(looked.console, officer, await enrolled(looked.console, child()))
        await looked.go(making[0])
        await looked.fill(**identity(looked.console))
        first = "new URLSearchParams(new FormData(document.querySelector('form.act')))"
        await looked.page.value(f"fetch(location.href, {{method: 'POST', body: {first}}}).then(answer => answer.text()).then(() => {{}})")
        where = await looked.page.value(
            "(() => { const one = document.querySelector('form.act .button'); one.scrollIntoView({block: 'center', behavior: 'instant'});"
            " const box = one.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2] })()"
        )
        for clicks in (1, 2):
            for kind in ("mousePressed", "mouseReleased"):
                about = {"x": where[0], "y": where[1], "button": "left", "clickCount": clicks}
                await looked.page.ask("Input.dispatchMouseEvent", type=kind, **about)
        await looked.page.until("document.querySelector('#link') !== null")
        link = await looked.page.value(SHOWN)
        assert link.startswith(f"{looked.origin}/family/link#")
        [row] = await rows(looked.console)
        assert row.used_at is None
        assert looked.page.complaints == []


async def test_what_is_written_down_for_a_family_is_asked_for_in_forms_that_everybody_can_use(tmp_path: Path) -> None:
    async with looking(tmp_path, role="privacy-officer") as looked:
        officer = await as_officer(looked)
        path, _ = await of_student(looked.console, officer, await enrolled(looked.console, child()))
        await vendor(looked.console, f"Lantern {HOSTILE} {'of the whole wide world ' * 4}")
        page = (await officer.get(path)).body.decode()
        for what, form in (("opt-outs", {"what": "directory"}), ("paper-consents", {"purpose": "instruction"})):
            [act, *_more] = re.findall(rf'href="([^"]+/{what}/[^"]+)"', page)
            await looked.go(act)
            await require_nothing_found(looked)
            await looked.page.value("document.querySelectorAll('form.act [required]').forEach(one => one.required = false)")
            await looked.send(**form)
            await require_nothing_found(looked)
            assert await looked.page.value("document.activeElement !== null && document.querySelector('#wrong li a') !== null")
        fill = "const all = new DataTransfer(); all.items.add(new File(['a signed paper'], 'a.pdf')); const one ="
        await looked.page.value(
            f"{fill} document.querySelector('#document-of'); one.files = all.files; one.dispatchEvent(new Event('change'))"
        )
        await looked.page.until(f"document.querySelector('#document').value === {json.dumps(sha256(b'a signed paper').hexdigest())}")
        assert [one for one in looked.page.complaints if "status of 422" not in one] == []

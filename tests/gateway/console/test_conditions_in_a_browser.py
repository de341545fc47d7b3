"""The console as readers may come: services silent, no script, a wall, colours of their own, paper, another language."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.gateway.console.crossing import something_crossed
from tests.gateway.console.looking import PATHS, Looked, looking
from tests.gateway.console.sweeping import LOOKS, faults, sideways
from tests.gateway.console.test_pages import one_duty
from tests.gateway.console.test_today import silence

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


@pytest.fixture
async def looked(tmp_path: Path) -> AsyncIterator[Looked]:
    async with looking(tmp_path) as running:
        await one_duty(running.console)
        await something_crossed(running.console)
        await running.size(1440)
        yield running


async def test_a_filter_whose_service_is_silent_leaves_the_page_as_it_is_and_says_that_nothing_changed(looked: Looked) -> None:
    await looked.go("/console/duties")
    shown = await looked.page.tab.locator("tbody tr").count()
    silence(looked.console, "privacy")
    await looked.page.tab.locator("#state").select_option("done")
    await looked.page.tab.locator(".filters .button").click()
    await expect(looked.page.tab.locator("#said")).to_have_text("It could not be loaded. Nothing was changed.")
    assert (looked.page.tab.url, await looked.page.tab.locator("tbody tr").count()) == (f"{looked.origin}/console/duties", shown)
    assert await looked.page.tab.locator("[aria-busy]").count() == 0


async def test_a_link_of_a_table_opens_a_tab_of_its_own_where_that_is_asked_for(looked: Looked) -> None:
    await looked.go("/console/duties")
    async with looked.page.tab.context.expect_page() as opened:
        await looked.page.tab.locator("thead a[data-swap]").first.click(modifiers=["ControlOrMeta"])
    other = await opened.value
    await expect(other.locator("h1")).to_have_count(1)
    assert "sort=" in other.url
    assert looked.page.tab.url == f"{looked.origin}/console/duties"


async def test_without_a_script_filters_sorting_and_acts_work(looked: Looked) -> None:
    await looked.sign_in("privacy-officer")
    await looked.page.ask("Emulation.setScriptExecutionDisabled", value=True)
    await looked.page.open(f"{looked.origin}/console/duties")
    tab = looked.page.tab
    await tab.locator("thead a[data-swap]").first.click()
    await tab.wait_for_url("**/console/duties?**sort=**")
    await tab.locator("#state").select_option("overdue")
    await tab.locator(".filters .button").click()
    await tab.wait_for_url("**state=overdue**")
    await tab.get_by_role("link", name="It is done").first.click()
    await tab.get_by_label("What shows that it was done").fill("letter of May 4")
    await tab.get_by_role("button", name="Say that it is done").click()
    await tab.wait_for_url("**state=done**")
    await expect(tab.locator("tbody")).to_contain_text("Done late")


async def test_a_script_that_somebody_brings_in_is_not_run(looked: Looked) -> None:
    await looked.go("/console/log")
    await looked.page.value(
        "(() => { const one = document.createElement('script'); one.textContent = 'window.brought = 1'; document.body.append(one); })()"
    )
    assert await looked.page.value("window.brought === undefined")
    assert any("Content Security Policy" in one for one in looked.page.complaints)


async def test_on_a_wall_and_in_colours_of_the_readers_own_every_page_holds(looked: Looked) -> None:
    for path in PATHS:
        await looked.size(3840)
        await looked.go(path)
        assert await faults(looked.page, path, ((3840, "light"),)) == []
        size = await looked.page.value("parseFloat(getComputedStyle(document.documentElement).fontSize)")
        assert size > 30, "it is read from across the room"
        await looked.page.tab.emulate_media(forced_colors="active")
        await looked.size(1440)
        # axe holds the colours that we wrote against the ground that the reader chose.
        assert await faults(looked.page, path, ((1440, "light"),), **{"color-contrast": {"enabled": False}}) == []
        await looked.page.tab.emulate_media(forced_colors="none")
    assert looked.page.complaints == []


async def test_on_paper_there_is_what_the_page_says_and_nothing_to_press(looked: Looked) -> None:
    await looked.size(1440, scheme="dark")
    for path in PATHS:
        await looked.go(path)
        await looked.page.tab.emulate_media(media="print")
        for pressed in ("nav.side", "header.bar", ".filters", ".foot"):
            for one in await looked.page.tab.locator(pressed).all():
                await expect(one).to_be_hidden()
        await expect(looked.page.tab.locator("h1")).to_be_visible()
        ink = await looked.page.value("getComputedStyle(document.body).color")
        assert ink == "rgb(27, 31, 36)", "dark ink on paper, whatever the screen has"
        await looked.page.tab.emulate_media(media="screen")


async def test_on_a_phone_what_was_found_begins_within_two_screens_and_is_told_in_short_cards(looked: Looked) -> None:
    await looked.size(320)
    top = "document.querySelector('{}').getBoundingClientRect().top + scrollY"
    await looked.go("/console/exchanges")
    assert await looked.page.value(top.format("#direction")) == await looked.page.value(top.format("#state")), (
        "two choices beside each other"
    )
    await looked.go("/console/log")
    assert await looked.page.value(top.format("#count")) < 2 * 568
    [card, *_] = await looked.page.tab.locator("tr:has(.answer):has(.none)").all()
    assert await card.locator(".none").first.bounding_box() is not None, "told to a screen reader, among the cells of its row"
    assert (await looked.page.value("document.querySelector('.entries .none').getBoundingClientRect().height")) <= 1


async def test_what_sticks_out_of_its_cell_is_found(looked: Looked) -> None:
    await looked.go("/console/duties")
    assert await sideways(looked.page, "/console/duties") == []
    await looked.page.value("document.querySelector('tbody td .stack').style.translate = '-20px'")
    found = await sideways(looked.page, "/console/duties", (1440,))
    assert [(one[1], one[2]) for one in found] == [(1440, "sticks out of its cell")]


async def test_what_cannot_be_read_in_the_dark_alone_is_found_in_each_width(looked: Looked) -> None:
    await looked.go("/console/duties")
    await looked.page.value("document.querySelector('h1').style.color = 'light-dark(#000, #222)'")
    found = await faults(looked.page, "/console/duties", LOOKS)
    assert [one[1:4] for one in found] == [(320, "dark", "color-contrast"), (1440, "dark", "color-contrast")]


async def test_every_page_is_whole_in_spanish_on_a_phone(looked: Looked) -> None:
    await looked.page.tab.context.add_cookies([{"name": "language", "value": "es", "url": looked.origin}])
    await looked.size(320)
    for path in PATHS:
        await looked.go(path)
        assert await looked.page.value("document.documentElement.lang") == "es"
        assert await faults(looked.page, path, ((320, "light"),)) == []
    assert looked.page.complaints == []

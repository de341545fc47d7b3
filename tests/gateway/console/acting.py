"""Pages of each role and the forms of its acts, with data: for the sweep in a browser, and for the gallery."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

from safepassage.wire_rights import NewInspection
from services.gateway.console import agreements_shown, contractor_notice, dead_letters, duties, exchanges, matches, suspension
from services.gateway.console.blast_radius import DUTIES, FOUND
from services.gateway.console.navigation import MENU
from services.gateway.people.roles import Role
from tests.gateway.console.agreed import agreed, credential_of, vendor_of
from tests.gateway.console.consoles import Console
from tests.gateway.console.crossing import something_crossed
from tests.gateway.console.decided import SETS, drafted, key_in, tried
from tests.gateway.console.enrolled import called, child, enrolled, in_doubt, in_doubt_of_each_other
from tests.gateway.console.exchanged import exchanges_of_each_kind, told_unread
from tests.gateway.console.foreign import more_paths
from tests.gateway.console.test_family_links_on_pages import identity
from tests.gateway.console.test_one_student import LIST, consented, first_holder, found, given, reader
from tests.gateway.console.test_pages import one_duty
from tests.gateway.console.test_written_down_for_families import opt_out
from tests.gateway.console.touched import stolen
from tests.gateway.people.signing_in import Browser
from tests.privacy.officials import forbid

Shown = tuple[Browser, list[str]]
"""Somebody, and paths that they may open."""


async def links(browser: Browser, path: str, *shapes: str) -> list[str]:
    """The addresses of a page that have one of the shapes, the first of each."""
    page = (await browser.get(path)).body.decode()
    return [link[1] for one in shapes if (link := re.search(rf'href="({one})"', page))]


def menu_of(role: Role) -> list[str]:
    """What the menu leads somebody of a role to."""
    return [place.path for _, places in MENU for place in places if role in place.roles]


async def done(browser: Browser, path: str, **form: str) -> None:
    """The form of a page, sent. Raises AssertionError where it is refused."""
    answer = await browser.post(path, act=await key_in(browser, path), **form)
    assert answer.status in (200, 303), (path, answer.status, answer.body)


async def of_auditor(console: Console) -> Shown:
    """What is overseen: of every part, with all that it can show."""
    await one_duty(console)
    await something_crossed(console)
    more = [path for made in more_paths().values() for path in await made(console)]
    return await console.browser("auditor"), [*menu_of("auditor"), *more]


async def of_operator(console: Console) -> Shown:
    """What did not arrive, and what may be done about it."""
    made = await exchanges_of_each_kind(console)
    await told_unread(console, made["answered"], ("identity.name", "programmes." + 53 * "g"), at=console.house.now)
    operator = await console.browser("operator")
    one, *_ = await links(operator, dead_letters.PATH, rf"{dead_letters.PATH}/[0-9a-f-]+")
    acts = await links(operator, one, rf"{one}/requeue", rf"{one}/abandonment")
    return operator, [dead_letters.PATH, one, *acts, exchanges.PATH, f"{exchanges.PATH}/{made['answered']}", "/console"]


async def _doubts(console: Console) -> list[str]:
    sought = child()
    ids = [await enrolled(console, sought), await enrolled(console, called(sought, middle="Zebedee", last_1="Otherwise"))]
    about = [await in_doubt(console, ids, asked_for=sought), await in_doubt(console, ids)]
    return [path for one in about for path in (f"{matches.PATH}/{one}", f"{matches.PATH}/{one}/decision")]


async def united(console: Console, one: UUID, other: UUID) -> None:
    """An official says that two records are of one child."""
    match_id, officer = await in_doubt_of_each_other(console, one, other), await console.browser("privacy-officer")
    path = f"{matches.PATH}/{match_id}/decision"
    leads = re.search(r'<option value="([^"]+)">Our student A<', (await officer.get(path)).body.decode())
    assert leads is not None
    await done(officer, path, who=leads[1], reason="family-asked")
    await console.settle()


async def inspected(console: Console, student_id: UUID) -> None:
    """The first rights holder's request to inspect the record, whose clock runs."""
    node = await reader(console, "district-officer")
    new = NewInspection(
        student_id=student_id,
        acting_for=await first_holder(console, node, student_id),
        received_on=console.house.now.date() - timedelta(days=2),
        request_ref="letter 12",
    )
    await node.act("privacy", "POST", "/v1/inspections", key=uuid4().hex, body=new)


async def _student(console: Console, browser: Browser) -> list[str]:
    student_id, other = await enrolled(console, child(3)), await enrolled(console, called(child(3), middle="Zebedee"))
    await united(console, student_id, other)
    await given(console, student_id)
    await given(console, student_id)
    await consented(console, student_id)
    await inspected(console, student_id)
    path = await found(browser, student_id=str(student_id))
    for holding in await links(browser, path, rf"{path}/hold"):
        await done(browser, holding, reason="audit", reference="case-2026-17")
    of_holders = [rf"{path}/{act}/[A-Za-z0-9_-]+" for act in ("family-links", "opt-outs", "paper-consents")]
    linking, opting, _ = await links(browser, path, *of_holders)
    await done(browser, linking, **identity(console))
    await done(browser, opting, **opt_out(console))
    taken_back = [
        rf"{path}/{act}"
        for act in ("consents/[0-9a-f-]+/withdrawal", "preferences/[0-9a-f-]+/rescission", "family-links/[0-9a-f-]+/withdrawal")
    ]
    return [path, *await links(browser, path, rf"{path}/hold", *taken_back, *of_holders)]


async def _suspended(console: Console, officer: Browser) -> list[str]:
    """An agreement whose party may be suspended, and one whose is."""
    one, other = [await vendor_of(console, name) for name in ("Acorn Assessments", "Bramble Books")]
    for vendor in (one, other):
        await credential_of(console, vendor)
    may_be, is_out = await agreed(console, one), await agreed(console, other)
    await done(officer, suspension.SUSPEND.format(agreement_id=is_out.id), reason="breach-suspected", reference="file 12")
    shown = [agreements_shown.path_of(made.id) for made in (may_be, is_out)]
    return [*shown, suspension.SUSPEND.format(agreement_id=may_be.id), suspension.LIFT.format(agreement_id=is_out.id)]


async def of_privacy_officer(console: Console) -> Shown:
    """Matches, one student with all its acts, a suspension and its lifting, the clocks of a breach, a duty done, a set of rules drafted."""
    officer = await console.browser("privacy-officer")
    await one_duty(console)
    await one_duty(console, "breach-people-told-ak-both")
    await stolen(console)
    drafting = await drafted(officer, title="Board policy 9", text=forbid(element="identity.sex"))
    asked = f"of=client&which=stolen&from=2026-01-01T00:00:00Z&until=2027-12-31T00:00:00Z&discovered=2026-10-19T09:00:00Z&count={uuid4()}"
    counted = f"{FOUND}?{asked}"
    await officer.get(counted)
    return officer, [
        matches.PATH,
        *await _doubts(console),
        LIST,
        *await _student(console, officer),
        *await _suspended(console, officer),
        f"{DUTIES}?{asked}",
        contractor_notice.PATH,
        *await links(officer, f"{duties.PATH}?state=overdue", rf"{duties.PATH}/[0-9a-f-]+/done"),
        *await links(officer, f"{duties.PATH}?state=undelayed", rf"{duties.PATH}/[0-9a-f-]+/waived"),
        f"{SETS}/draft",
        drafting,
        f"{drafting}/replays",
    ]


async def of_approver(console: Console) -> Shown:
    """A set of rules that waits for a word, one that may be activated, and one whose start may be called off."""
    author = await console.browser("privacy-officer")
    approvers = [await console.browser("approver", subject=name) for name in ("first", "second")]
    waits, starts = [
        await drafted(author, title=title, text=forbid(element=element))
        for title, element in (("Board policy 10", "demographics.languages"), ("Board policy 11", "demographics.race_ethnicity"))
    ]
    for path in (waits, starts):
        await tried(console, author, path)
    for one in approvers:
        await done(one, f"{starts}/approval")
    form = (await approvers[0].get(f"{starts}/activation")).body.decode()
    [action] = re.findall(r'<form method="post" action="([^"]+/activation[^"]*)"', form)
    at = (console.house.now + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M")
    answer = await approvers[0].post(action, act=uuid4().hex, reason="law-changed", valid_from=at)
    assert answer.status == 303, answer.body
    ending = await links(approvers[0], SETS, r"/console/decisions/activations/\d+/call-off")
    return approvers[0], [SETS, waits, f"{waits}/approval", starts, f"{starts}/activation", *ending]


async def of_district_officer(console: Console) -> Shown:
    """The pages of one district."""
    officer = await console.browser("district-officer")
    menu = ("/console", "/console/log", "/console/exchanges", "/console/decisions", "/console/agreements", "/console/duties")
    return officer, [*menu, matches.PATH, *await _student(console, officer), "/console/statistics"]


async def pages_of_roles(console: Console) -> AsyncIterator[Shown]:
    """Of each role in turn."""
    for made in (of_auditor, of_operator, of_privacy_officer, of_approver, of_district_officer):
        yield await made(console)

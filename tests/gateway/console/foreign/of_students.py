"""A student of another district, by a handle that the officer's own session would have made."""

from uuid import UUID, uuid4

from services.gateway.console import family_access, student_page, student_tables, students
from services.gateway.console.family_access import sealed_holder
from services.gateway.console.handles import Handles
from services.gateway.console.students import STUDENT
from tests.gateway.console.consoles import Console, new_district
from tests.gateway.console.enrolled import child, enrolled
from tests.gateway.console.foreign import Foreign
from tests.gateway.people.signing_in import Browser, person_of


async def _handle(console: Console, officer: Browser) -> str:
    other = await console.house.hand.add_organisation(new_district("Wasco County", console.agency, nces_id="4100001"))
    await console.settle()
    student_id = await enrolled(console, child(2), district=other.id)
    return Handles((await person_of(officer, console.house.now)).secret).seal(STUDENT, str(student_id))


async def _page(console: Console, officer: Browser) -> list[str]:
    return [students.ONE.format(handle=await _handle(console, officer))]


async def _document(console: Console, officer: Browser) -> list[str]:
    return [student_page.DOCUMENT.format(handle=await _handle(console, officer))]


async def _table(console: Console, officer: Browser) -> list[str]:
    return [student_page.TABLE.format(handle=await _handle(console, officer))]


async def _tables(console: Console, officer: Browser) -> list[str]:
    path = student_tables.EXPORT.format(handle=await _handle(console, officer))
    return [f"{path}?table={table}" for table in student_tables.TABLES]


async def _withdrawal(console: Console, officer: Browser) -> list[str]:
    return [student_tables.WITHDRAWAL.format(handle=await _handle(console, officer), consent_id=uuid4())]


def _of_a_holder(template: str) -> Foreign:
    async def paths(console: Console, officer: Browser) -> list[str]:
        handle, handles = await _handle(console, officer), Handles((await person_of(officer, console.house.now)).secret)
        return [template.format(handle=handle, holder=sealed_holder(UUID(handles.open(STUDENT, handle)), uuid4(), handles))]

    return paths


async def _rescinding(console: Console, officer: Browser) -> list[str]:
    return [family_access.RESCINDING.format(handle=await _handle(console, officer), preference_id=uuid4())]


async def _taking_back(console: Console, officer: Browser) -> list[str]:
    return [family_access.TAKING_BACK.format(handle=await _handle(console, officer), link_id=uuid4())]


FOREIGN = {
    **{template: _of_a_holder(template) for template in (family_access.MAKING, family_access.OPTING_OUT, family_access.CONSENTING)},
    family_access.RESCINDING: _rescinding,
    family_access.TAKING_BACK: _taking_back,
    students.ONE: _page,
    student_page.DOCUMENT: _document,
    student_page.TABLE: _table,
    student_tables.EXPORT: _tables,
    student_tables.WITHDRAWAL: _withdrawal,
}

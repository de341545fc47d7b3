"""What stands for a student in an address is good in its own session, for its own kind, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.problems.people import HandleUnknown
from services.gateway.console.handles import Handles
from services.gateway.people.return_path import return_path
from services.gateway.people.sessions import SignedIn
from tests.gateway.console.consoles import Console
from tests.gateway.people.signing_in import PROVIDER, person_of

MINE, ANOTHERS = Handles("A" * 43), Handles("B" * 43)


@given(st.text(min_size=1, max_size=80))
def test_a_handle_opens_to_what_was_sealed_and_says_nothing_of_it(text: str) -> None:
    handle = MINE.seal("student", text)
    assert MINE.open("student", handle) == text
    assert handle == MINE.seal("student", text), "the same page has the same address"
    assert len(text) < 8 or text not in handle


@pytest.mark.requirement("CON-addresses")
@pytest.mark.parametrize(
    ("handles", "kind", "handle"),
    [
        (ANOTHERS, "student", MINE.seal("student", "one")),
        (MINE, "person", MINE.seal("student", "one")),
        (MINE, "student", MINE.seal("student", "one")[:-1] + "A"),
        (MINE, "student", ""),
        (MINE, "student", "A" * 2000),
        (MINE, "student", "é"),
    ],
)
def test_a_handle_of_another_session_or_kind_or_a_changed_one_stands_for_nothing(handles: Handles, kind: str, handle: str) -> None:
    with pytest.raises(HandleUnknown):
        handles.open(kind, handle)


def test_an_address_with_a_handle_is_one_that_a_step_up_comes_back_to() -> None:
    path = f"/console/students/{MINE.seal('student', '0191e0a0-0000-7000-8000-000000000000')}/export"
    assert return_path(path) == path


@pytest.mark.anyio
async def test_a_sessions_secret_is_its_own_and_stays_through_a_step_up(console: Console) -> None:
    one, other = [await person_of(await console.browser(role), console.house.now) for role in ("auditor", "operator")]
    assert one.secret != other.secret
    assert one.secret not in repr(one)
    state = console.house.app.state
    known = SignedIn(PROVIDER, one.subject, None, None, one.role, "sp-auditors", one.organisation_id, None, console.house.now)
    async with state.database.transaction() as tx:
        cookie = await state.people.sessions.begin(tx, known, console.house.now, instead_of=one)
    again = await state.people.sessions.find(cookie, console.house.now)
    assert (again.session == one.session, again.secret == one.secret) == (False, True)

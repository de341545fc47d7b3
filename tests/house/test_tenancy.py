"""Rows of an organisation or a student are asked for through a door that narrows them to whom the caller may see (shared.tenancy).

Looked at are the modules that have routes, and every function that is given a caller. What goes through no door there says here why.
"""

import ast
from collections.abc import Iterator
from typing import Final

import pytest

from tests.house.sources import modules

OWNED_BY: Final = frozenset({"organisation_id", "custodian_id", "student_id"})
"""Columns by which a row is somebody's."""
ASKING: Final = frozenset({"select", "update", "delete", "get", "get_one"})
DOORS: Final = frozenset({"within", "within_any", "belongs_to", "visible", "reached", "sight_of", "reach", "sight"})
"""What narrows by the tree of organisations, and the names under which it is handed on."""
BEHIND_DOORS: Final = frozenset(
    {
        "callers_consent",
        "callers_subject",
        "preferences_of",
        "require_kept",
        "require_reach",
        "review_of",
        "reviews_of",
        "subjects_of",
        "visible_agreement",
    }
)
"""Functions that narrow by a caller and give nothing, or a problem, of what is another's: what follows is about what they gave."""

OF_THE_NODE: Final = "the node's own, which only a client of the state agency may ask for (its scope)"
NAMED_BEFORE: Final = "by the id of what a door has given to the route before"
OF_NO_CALLER: Final = "asked by another service or a command of the node alone, of no caller outside"
OWN_REQUEST: Final = "by an id that the caller's own key of idempotency has kept"
NOT_A_CALLERS: Final = "the node's own work on what a door has opened before: nothing of it is told to a caller"

OTHERWISE: Final = {
    "services/audit/retention/asking.py::list_log_destructions": OF_THE_NODE,
    "services/audit/retention/asking.py::_open_destruction": OF_THE_NODE,
    "services/audit/retention/holds.py::_found": OF_THE_NODE,
    "services/audit/retention/holds.py::_read": OF_THE_NODE,
    "services/audit/retention/holds.py::_open_hold": OF_THE_NODE,
    "services/audit/saved_searches.py::forget_searches_for": "a destruction's worker: whosever it is, it goes with the student",
    "services/privacy/destruction_clearances.py::awaited": OF_NO_CALLER,
    "services/privacy/destruction_clearances.py::_keeps_permanent_record": OF_NO_CALLER,
    "services/privacy/destructions.py::_owed": "by an agreement that a door has given to the route before",
    "services/privacy/destructions.py::attestation_of": NAMED_BEFORE,
    "services/privacy/duties.py::end_duties": NOT_A_CALLERS,
    "services/privacy/duty_routes.py::open_duty": "by the key of the row that it has just made for the caller's own organisation",
    "services/privacy/emergency_reviews.py::require_another": "what happened to evidence that a door has given",
    "services/privacy/opt_outs.py::rescind_preference": "the student of a preference that a door has given",
    "services/privacy/public_register.py::read_public_register": "what the law has the agency post for everybody",
    "services/privacy/served_duties.py::_served": OF_NO_CALLER,
    "services/privacy/statements.py::_put_beside_facts": NAMED_BEFORE,
    "services/records/credentials/transcripts.py::_place": OWN_REQUEST,
    "services/records/educators/issuing.py::_issued": OWN_REQUEST,
    "services/records/exchange/collecting.py::note_collection": NAMED_BEFORE,
    "services/records/match_reviews.py::open_review": NOT_A_CALLERS,
    "services/records/match_reviews.py::resolve_match": "a candidate of the review that `_locked` has found for the caller",
    "services/records/match_reviews.py::_unite": NAMED_BEFORE,
    "services/records/match_reviews.py::candidates_of_reviews": NAMED_BEFORE,
    "services/records/rosters.py::load_roster": OWN_REQUEST,
    "services/records/rosters.py::_load": OWN_REQUEST,
    "services/records/statistics/routes.py::_kept": "of the caller's organisation, by the argument of that name",
    "services/records/students.py::_loaded_before": OWN_REQUEST,
    "services/records/transfers/hold_routes.py::_resolve": NAMED_BEFORE,
    "services/records/unions.py::hold": NOT_A_CALLERS,
}
"""By module and function: why no door is needed."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def owned_rows() -> frozenset[str]:
    """The classes of tables that have a column by which a row is somebody's."""
    classes = (node for _, tree in modules("services") for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return frozenset(one.name for one in classes if one.name.endswith("Row") and OWNED_BY & set(_columns(one)))


def _columns(one: ast.ClassDef) -> Iterator[str]:
    return (line.target.id for line in one.body if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name))


def asked_without_a_door(tree: ast.AST, owned: frozenset[str], *, has_routes: bool) -> Iterator[str]:
    """Functions that ask for owned rows and name no door."""
    for one in ast.walk(tree):
        if (
            isinstance(one, Function)
            and (has_routes or _is_given_a_caller(one))
            and _asks_for(one, owned)
            and not _goes_through_a_door(one)
        ):
            yield one.name


def _is_given_a_caller(one: Function) -> bool:
    given = (*one.args.posonlyargs, *one.args.args, *one.args.kwonlyargs)
    return any(argument.annotation is not None and "Caller" in ast.unparse(argument.annotation) for argument in given)


def _asks_for(one: Function, owned: frozenset[str]) -> bool:
    calls = (call for call in ast.walk(one) if isinstance(call, ast.Call) and _name_of(call.func) in ASKING)
    return any(isinstance(part, ast.Name) and part.id in owned for call in calls for argument in call.args for part in ast.walk(argument))


def _goes_through_a_door(one: Function) -> bool:
    named = {_name_of(part) for part in ast.walk(one)} | {argument.arg for argument in (*one.args.args, *one.args.kwonlyargs)}
    return bool(named & (DOORS | BEHIND_DOORS)) or "caller.organisation_id" in ast.unparse(one)


def _name_of(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


@pytest.mark.requirement("BAD-foreign")
def test_rows_of_somebody_are_asked_for_through_a_door_or_it_is_said_why_not() -> None:
    owned, without = owned_rows(), set[str]()
    for path, tree in modules("services"):
        has_routes = any(_name_of(node.func) == "APIRouter" for node in ast.walk(tree) if isinstance(node, ast.Call))
        without |= {f"{path}::{name}" for name in asked_without_a_door(tree, owned, has_routes=has_routes)}
    assert without == set(OTHERWISE)
    assert {"StudentRow", "ConsentRow", "DisclosureCopyRow", "ClientRow"} <= owned


ROUTE = "async def read(student_id, caller: Staff, tx):\n    return await tx.get(StudentRow, student_id)\n"


@pytest.mark.parametrize(
    ("source", "has_routes", "seen"),
    [
        (ROUTE, True, ["read"]),
        (ROUTE, False, []),
        (ROUTE.replace("Staff", "Caller"), False, ["read"]),
        ("def all_of(tx):\n    return tx.execute(update(StudentRow).where(StudentRow.id == 1))\n", True, ["all_of"]),
        ("def all_of(tx, caller):\n    return select(StudentRow.id).where(StudentRow.custodian_id.in_(within(Tree, 1)))\n", True, []),
        ("def all_of(tx, caller):\n    return select(StudentRow).where(visible(caller, now))\n", True, []),
        ("def mine(tx, caller):\n    return select(StudentRow).where(StudentRow.custodian_id == caller.organisation_id)\n", True, []),
        ("def other(tx):\n    return select(ListRow)\n", True, []),
    ],
)
def test_the_rule_sees_who_goes_past_the_doors(source: str, has_routes: bool, seen: list[str]) -> None:
    assert list(asked_without_a_door(ast.parse(source), frozenset({"StudentRow"}), has_routes=has_routes)) == seen

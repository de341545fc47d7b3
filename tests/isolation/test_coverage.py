"""No operation is without its place: asked about in the matrix, shown elsewhere by a test that exists, or open to nobody else at all."""

import ast

import pytest

from node.documents import ROOT
from tests.isolation.coverage import ELSEWHERE, OWN_WORDS, expected, ids_in, of_the_state_alone, operations, route_of


@pytest.mark.requirement("BAD-foreign")
def test_what_is_shown_elsewhere_is_shown_by_a_test_that_exists() -> None:
    assert sorted(ELSEWHERE.keys() - operations().keys()) == []
    for operation, where in ELSEWHERE.items():
        file, _, name = where.partition("::")
        functions = {
            node.name for node in ast.walk(ast.parse((ROOT / "tests" / file).read_text())) if isinstance(node, ast.AsyncFunctionDef)
        }
        assert name in functions, (operation, where)


def test_what_names_only_the_callers_own_words_is_an_operation_and_nowhere_else() -> None:
    assert sorted(OWN_WORDS.keys() - operations().keys()) == []
    assert OWN_WORDS.keys() & ELSEWHERE.keys() == set()


def test_each_operation_has_its_place() -> None:
    places = {operation: [] for operation in operations()}  # type: dict[str, list[str]]
    for operation, found in places.items():
        route = route_of(operation)
        found += ["anybody"] if route.accepts == "anonymous" else []
        found += ["a signed-in person"] if route.accepts == "people" else []
        found += ["a family's own visit (gateway/family)"] if route.accepts == "families" else []
        found += ["the state agency alone"] if route.accepts == "clients" and of_the_state_alone(operation) else []
        found += ["names nothing"] if not ids_in(operation) else []
        found += ["shown elsewhere"] if operation in ELSEWHERE else []
        found += ["own words"] if operation in OWN_WORDS else []
        found += (
            ["in the matrix"]
            if any(operation in expected(part) for part in ("gateway", "privacy", "records", "audit", "oneroster"))
            else []
        )
    assert [operation for operation, found in places.items() if not found] == []
    assert sum("in the matrix" in found for found in places.values()) > 110

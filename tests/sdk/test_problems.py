import pytest

from safepassage.problems import REGISTRY, Problem, SuiteError, problem_from
from safepassage.problems.problem import UnknownProblem


@pytest.mark.parametrize("code", sorted(REGISTRY))
def test_every_problem_says_what_to_do_and_comes_back_as_itself(code: str) -> None:
    kind = REGISTRY[code]
    problem = kind().as_problem("r-1")
    assert (problem.code, problem.type) == (code, f"urn:safepassage:problem:{code}")
    assert 400 <= kind.status < 600
    assert kind.title
    assert kind.title[0].isupper()
    assert kind.remedy.endswith((".", "?", "`."))
    assert kind.__doc__
    back = problem_from(Problem.model_validate_json(problem.model_dump_json()))
    assert type(back) is kind
    assert (back.request_id, back.problem) == ("r-1", problem)


def test_a_problem_of_a_newer_node_keeps_what_was_said() -> None:
    said = Problem(type="urn:x", code="of-tomorrow", title="New", status=409, remedy="Do it.", retry="after", extra="ignored")  # type: ignore[call-arg]
    error = problem_from(said)
    assert isinstance(error, UnknownProblem)
    assert isinstance(error, SuiteError)
    assert error.problem is not None
    assert (error.problem.remedy, error.problem.retry) == ("Do it.", "after")

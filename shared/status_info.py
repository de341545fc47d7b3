"""Errors as the 1EdTech standards say them (`imsx_StatusInfo`): for the routes whose callers know no other form."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from safepassage.problems import SuiteError
from safepassage.status_info import SAYS, said_of

PREFIX: Final = "/ims/"
"""Paths that the standards give."""

_BY_CODE: Final = {"filter-not-valid": "invalid_filter_field", "selection-not-valid": "invalid_selection_field"}
_BY_STATUS: Final = {
    401: "unauthorisedrequest",
    403: "forbidden",
    404: "unknownobject",
    429: "server_busy",
    500: "internal_server_error",
    503: "server_busy",
}


class CodeMinorField(BaseModel):
    """What exactly is wrong, in the standard's vocabulary."""

    imsx_codeMinorFieldName: str = "TargetEndSystem"  # noqa: N815 - the standard's name
    imsx_codeMinorFieldValue: str  # noqa: N815 - the standard's name


class CodeMinor(BaseModel):
    """What is wrong."""

    imsx_codeMinorField: tuple[CodeMinorField, ...]  # noqa: N815 - the standard's name


class StatusInfo(BaseModel):
    """The answer to a request that failed. It holds no value that the caller sent."""

    model_config = ConfigDict(title="imsx_StatusInfo", serialize_by_alias=True)

    imsx_codeMajor: str = "failure"  # noqa: N815 - the standard's name
    imsx_severity: str = "error"
    imsx_description: str
    code_minor: CodeMinor = Field(alias="imsx_CodeMinor")


def is_of_1edtech(path: str) -> bool:
    """Whether callers of the path are told errors in this form."""
    return path.startswith(PREFIX)


def status_info(error: SuiteError) -> Response:
    """The response for an error: what happened, and what to do."""
    value = _BY_CODE.get(error.code) or _BY_STATUS.get(error.status, "invaliddata")
    minor = CodeMinor(imsx_codeMinorField=(CodeMinorField(imsx_codeMinorFieldValue=value),))
    body = StatusInfo.model_validate({SAYS: said_of(error), "imsx_CodeMinor": minor})
    # A value that is not valid is 400 in the standard, 422 in all else that is ours.
    status = 400 if error.status == 422 else error.status
    return Response(body.model_dump_json(), status, {"cache-control": "no-store"}, "application/json")

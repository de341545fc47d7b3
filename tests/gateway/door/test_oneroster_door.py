"""The door refuses as OneRoster says it where a path is OneRoster's."""

import pytest

from services.gateway.door.route import API_HEADERS
from tests.gateway.by_hand import Party, ask
from tests.gateway.door.test_door import nothing_came_through
from tests.gateway.house import House


@pytest.mark.requirement("FORM-oneroster")
@pytest.mark.anyio
async def test_a_path_of_oneroster_is_refused_in_the_words_of_its_standard(house: House, reader: Party) -> None:
    path = "/ims/oneroster/rostering/v1p2/students"
    nobody = await ask(house.app, "GET", path)
    other = await house.call(reader, await house.token(reader), "GET", path)
    for answer, status, word in ((nobody, 401, "unauthorisedrequest"), (other, 403, "forbidden")):
        assert (answer.status, answer.headers["content-type"]) == (status, "application/json")
        assert answer.json["imsx_CodeMinor"] == {
            "imsx_codeMinorField": [{"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": word}]
        }
        assert {(name, answer.headers[name]) for name, _ in API_HEADERS} == set(API_HEADERS)
    assert nobody.headers["www-authenticate"].startswith("DPoP")
    nothing_came_through(house)

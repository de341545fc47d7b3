"""The whole table of negatives by module: those of this folder, and those that stand beside the tests of what they are about.

The 55 and more of registration are counted where they are: tests/gateway/registration/test_registering.py.
"""

from collections.abc import Sized
from typing import Final

from tests.gateway.negatives.test_negatives import MODULES
from tests.gateway.oauth import test_legacy, test_whose_certificate
from tests.gateway.oauth.codes import test_code_negatives, test_pushed_negatives, test_refresh
from tests.gateway.people import test_forms, test_provider_logout, test_sign_in

ELSEWHERE: Final[dict[str, list[Sized]]] = {
    "PAR and PKCE": [test_pushed_negatives.NEGATIVES],
    "code": [test_code_negatives.NEGATIVES],
    "refresh": [test_refresh.NEGATIVES],
    "session": [test_forms.FOREIGN, test_provider_logout.WRONG],
    "certificate": [test_whose_certificate.WRONG],
    "legacy secret": [test_legacy.FORMS, test_legacy.WRONG],
    "console login": [test_sign_in.NOT_BELIEVED, test_sign_in.AWAY],
}
LEAST: Final = {
    "assertion": 93,
    "DPoP": 80,
    "form": 49,
    "details": 45,
    "revocation": 22,
    "introspection": 23,
    "call": 53,
    "exchange": 48,
    "PAR and PKCE": 55,
    "code": 17,
    "refresh": 9,
    "session": 29,
    "certificate": 25,
    "legacy secret": 17,
    "console login": 47,
}


def test_no_module_has_fewer_negatives_than_it_had_and_all_have_five_hundred() -> None:
    held = {name: len(negatives) for name, negatives in MODULES.items()}
    held |= {name: sum(map(len, tables)) for name, tables in ELSEWHERE.items()}
    assert held.keys() == LEAST.keys()
    assert {name: count for name, count in held.items() if count < LEAST[name]} == {}
    assert sum(held.values()) >= 500


def test_each_negative_has_a_name_of_its_own() -> None:
    for negatives in MODULES.values():
        assert len({negative.name for negative in negatives}) == len(negatives)

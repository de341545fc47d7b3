"""The whole table of negatives by module: those of this folder, and those that stand beside the tests of what they are about."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.gateway.negatives.negative import Negative
from tests.gateway.negatives.test_negatives import MODULES
from tests.gateway.oauth import test_legacy, test_whose_certificate
from tests.gateway.oauth.codes import test_code_negatives, test_consent_negatives, test_pushed_negatives, test_refresh
from tests.gateway.people import test_forms, test_provider_logout, test_sign_in
from tests.gateway.registration import statements


@dataclass(frozen=True)
class Module:
    """Negatives by their names."""

    least: int
    """As many as there were when this was last looked at."""
    rows: Mapping[str, str]
    """Why each is not sent to oidc-provider (tests/npm); empty: it is."""


def _here(name: str, least: int) -> Module:
    return Module(least, {negative.name: negative.not_sent for negative in _once(MODULES[name])})


def _once(negatives: Sequence[Negative]) -> Sequence[Negative]:
    assert len({negative.name for negative in negatives}) == len(negatives), "two of one name"
    return negatives


def numbered(*tables: Iterable[str]) -> list[str]:
    """The names of the rows of several tables, of which two may have one of the same name."""
    return [f"{number}: {name}" for number, table in enumerate(tables) for name in table]


def _beside(least: int, *tables: Iterable[str], not_sent: str = "") -> Module:
    """Tables of which each row has a name."""
    return Module(least, dict.fromkeys(tables[0] if len(tables) == 1 else numbered(*tables), not_sent))


WHOLE: Final[dict[str, Module]] = {
    "assertion": _here("assertion", 93),
    "DPoP": _here("DPoP", 80),
    "form": _here("form", 49),
    "details": _here("details", 45),
    "revocation": _here("revocation", 22),
    "introspection": _here("introspection", 23),
    "call": _here("call", 53),
    "exchange": _here("exchange", 48),
    "PAR and PKCE": _beside(55, test_pushed_negatives.NEGATIVES),
    "code": _beside(17, test_code_negatives.NEGATIVES),
    "consent": _beside(47, *test_consent_negatives.TABLES),
    "refresh": _beside(9, test_refresh.NEGATIVES),
    "registration": Module(
        106,
        {
            **dict.fromkeys(numbered(statements.STATEMENTS), "oidc-provider reads no software statement"),
            **{f"1: {name}": "" for name in statements.REQUESTS},
            **dict.fromkeys(
                (f"1: {name}" for name in statements.OF_THIS_NODE), "oidc-provider knows neither statements, organisations nor purposes"
            ),
            **{f"2: {name}": "" for name in statements.BODIES},
        },
    ),
    "session": _beside(
        29,
        test_forms.FOREIGN,
        test_provider_logout.WRONG,
        not_sent="forms of the node's own pages, and sign-outs that a provider sends to it: oidc-provider is the one who sends them",
    ),
    "certificate": _beside(
        25,
        test_whose_certificate.WRONG,
        not_sent="whether a certificate is good, and a client's, oidc-provider leaves to functions of whoever sets it up",
    ),
    "legacy secret": Module(
        18,
        {
            **{f"0: {name}": "" for name in test_legacy.FORMS},
            **{f"1: {name}": "oidc-provider binds no client to addresses or rosters" for name in test_legacy.WRONG},
        },
    ),
    "console login": _beside(
        47,
        test_sign_in.NOT_BELIEVED,
        test_sign_in.AWAY,
        not_sent="what a provider says to the node: oidc-provider is the one who says it (tests/npm/test_people)",
    ),
}

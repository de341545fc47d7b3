"""What the console says: in Spanish too, of every kind that there is, and in colours that can be read."""

import re
from datetime import UTC, date, datetime
from itertools import product
from typing import get_args

import pytest
from babel.messages.pofile import read_po

from safepassage.wire_alerts import AlertRule
from services.gateway.console.alert_words import ALERT_WORDS
from services.gateway.console.duty_words import DUTY_WORDS
from services.gateway.console.messages import messages
from services.gateway.console.pages import FOLDER, LOCALE, SHARED
from services.gateway.console.preferences import cookies_for, viewing_of
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.console.role_scopes import PURPOSE_OF_ROLES, SCOPES_OF_ROLES
from services.gateway.console.state_names import STATE_NAMES
from services.gateway.console.viewing import LANGUAGES, ZONES, Language, Viewing, in_eights
from services.gateway.oauth.scopes import SCOPES
from services.gateway.people.roles import OF_A_DISTRICT, ROLES
from services.gateway.registry.purposes import PURPOSES as REGISTERED
from services.privacy.clocks import DUTY_RULES, NOTICE_RULES
from services.privacy.policy.taxonomy import FICTIONAL_STATES, PURPOSES
from shared.states import STATES

NOW = datetime(2026, 11, 23, 16, 41, 5, tzinfo=UTC)
PLACEHOLDER = re.compile(r"%\(\w+\)s")


def viewing(zone: str = "America/Los_Angeles", language: Language = "en", now: datetime = NOW) -> Viewing:
    return Viewing(language, "auto", zone, now)


@pytest.mark.requirement("CON-words")
@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_a_catalogue_has_every_message_and_none_that_is_no_more(language: str) -> None:
    catalogue: dict[str, str] = {}
    for path in sorted((LOCALE / language).glob("*.po")):
        with path.open("rb") as source:
            inside = {str(one.id): str(one.string) for one in read_po(source, locale=language) if one.id}
        assert sorted(set(inside) & set(catalogue)) == [], f"{path.name} has what another file has too"
        catalogue |= inside
    assert set(catalogue) == set(messages())
    assert [
        one for one, said in catalogue.items() if not said or sorted(PLACEHOLDER.findall(one)) != sorted(PLACEHOLDER.findall(said))
    ] == []


WRONG_WORDS = {
    "nómina": "a payroll: a roster is a lista or matrículas",
    "ficha": "a file card: a token is a token",
    "filtración": "a leak: a breach is a brecha",
    "cofirm": "cosigned is refrendado",
    "registros de %(students)s": "the log is the registro: a student's records are expedientes",
}
"""What a translator writes who does not see the other pages, and why it is wrong."""
SPANISH = sorted(path for path in (LOCALE.parents[2]).rglob("locale/es/*.po"))


@pytest.mark.requirement("CON-words")
def test_one_thing_is_called_by_one_word_on_all_pages() -> None:
    assert len(SPANISH) > 20
    said = []
    for path in SPANISH:
        with path.open("rb") as source:
            said += [(path.name, word) for one in read_po(source, locale="es") for word in WRONG_WORDS if word in str(one.string).lower()]
    assert said == []


def test_every_kind_of_duty_and_alert_has_its_words() -> None:
    assert set(DUTY_WORDS) == set(DUTY_RULES) - set(NOTICE_RULES)
    assert set(ALERT_WORDS) == set(get_args(AlertRule))


def test_every_purpose_and_state_has_its_words() -> None:
    assert set(PURPOSE_WORDS) == set(PURPOSES) == set(REGISTERED)
    assert set(STATE_NAMES) == {*STATES, *FICTIONAL_STATES}


def test_no_role_has_a_scope_that_its_kind_of_organisation_may_not_have() -> None:
    assert set(SCOPES_OF_ROLES) == set(PURPOSE_OF_ROLES) == set(ROLES)
    assert set(PURPOSE_OF_ROLES.values()) <= set(PURPOSES)
    for role, scopes in SCOPES_OF_ROLES.items():
        kind = "lea" if role in OF_A_DISTRICT else "sea"
        assert [scope for scope in scopes if kind not in SCOPES[scope].kinds] == []


@pytest.mark.requirement("CON-roles")
def test_what_changes_something_or_opens_a_record_is_of_the_roles_that_are_meant_to() -> None:
    who = {
        "agreements:write": {"privacy-officer"},
        "alerts:review": {"privacy-officer"},
        "duties:complete": {"privacy-officer", "district-officer"},
        "exchange:operate": {"operator"},
        "matches:resolve": {"privacy-officer", "district-officer"},
        "obligations:discharge": {"privacy-officer"},
        "obligations:waive": {"approver"},
        "policies:activate": {"approver"},
        "policies:approve": {"approver"},
        "policies:draft": {"privacy-officer"},
        "readiness:attest": {"privacy-officer"},
        "records:read": {"district-officer"},
        "records:read:state": {"auditor", "privacy-officer", "approver"},
        "records:residence": {"privacy-officer", "district-officer"},
        "retention:approve": {"approver"},
        "retention:hold": {"privacy-officer"},
        "rights:act": {"privacy-officer", "district-officer"},
    }
    reading = frozenset[str]().union(*SCOPES_OF_ROLES.values()) - set(who)
    assert {scope: {role for role, scopes in SCOPES_OF_ROLES.items() if scope in scopes} for scope in who} == who
    assert all(scope.endswith((":read", ":search", ":export", ":accounting", ":statistics", ":simulate", ":operate")) for scope in reading)


def test_instants_are_said_in_the_readers_zone_on_both_sides_of_both_changes_of_the_clock() -> None:
    here = viewing()
    assert here.cell(datetime(2026, 11, 23, 16, 41, tzinfo=UTC)) == "Nov 23, 8:41\u202fAM"
    assert here.cell(datetime(2025, 11, 23, 16, 41, tzinfo=UTC)) == "Nov 23, 2025, 8:41\u202fAM"
    said = [
        here.instant(datetime(2026, month, day, hour, 30, tzinfo=UTC))
        for month, day, hour in ((3, 8, 9), (3, 8, 10), (11, 1, 8), (11, 1, 9))
    ]
    assert [one.replace("\u202f", " ") for one in said] == [
        "Mar 8, 1:30 AM PST",
        "Mar 8, 3:30 AM PDT",
        "Nov 1, 1:30 AM PDT",
        "Nov 1, 1:30 AM PST",
    ]
    assert viewing(language="es").cell(datetime(2026, 11, 23, 16, 41, tzinfo=UTC)).startswith("23 nov")


def test_a_cell_of_a_table_names_its_zone_where_that_is_not_the_one_that_its_head_names() -> None:
    here, in_summer = viewing(), datetime(2026, 8, 1, 15, 41, 5, tzinfo=UTC)
    assert (here.zone_name, here.cell(in_summer)) == ("PST", "Aug 1, 8:41\u202fAM PDT")
    assert here.clock(in_summer) == "Aug 1, 8:41:05\u202fAM PDT"
    assert here.instant(in_summer) == "Aug 1, 8:41\u202fAM PDT"


def test_a_day_of_the_readers_has_as_many_hours_as_it_has() -> None:
    here = viewing()
    hours = {
        day: (here.end_of(day) - here.start_of(day)).total_seconds() / 3600
        for day in (date(2026, 3, 8), date(2026, 6, 1), date(2026, 11, 1))
    }
    assert list(hours.values()) == [23, 24, 25]
    assert here.start_of(date(2026, 6, 1)) == datetime(2026, 6, 1, 7, tzinfo=UTC)
    assert [here.days_until(one) for one in (NOW, date(2026, 11, 22), datetime(2026, 11, 24, 8, tzinfo=UTC))] == [0, -1, 1]


def test_numbers_and_long_words_are_grouped() -> None:
    assert (viewing().number(2891), viewing(language="es").number(28910)) == ("2,891", "28,910")
    assert in_eights("0123456789abcdef01") == "01234567 89abcdef 01"


@pytest.mark.parametrize("zone", ZONES)
def test_every_zone_has_a_short_name(zone: str) -> None:
    assert 2 <= len(viewing(zone).zone_name) <= 8


def test_a_cookie_says_a_word_of_the_lists_or_nothing() -> None:
    fields = [(b"cookie", b"language=es; theme=black; zone=Pacific/Guam"), (b"cookie", b"language=fr")]
    seen = viewing_of(fields, NOW, zone="America/Denver")
    assert (seen.language, seen.theme, seen.zone) == ("es", "auto", "Pacific/Guam")
    assert viewing_of([], NOW, zone="America/Denver").zone == "America/Denver"
    assert cookies_for([("language", "es"), ("zone", "x; Secure"), ("sid", "1")], secure=True) == [
        "language=es; Path=/; SameSite=Lax; HttpOnly; Max-Age=31536000; Secure"
    ]


def _colours(at: int) -> dict[str, tuple[int, ...]]:
    text = (SHARED / "tokens.css").read_text()
    found = re.findall(r"--([a-z0-9-]+): (?:light-dark\()?(#[0-9a-f]{6})(?:, (#[0-9a-f]{6}))?", text)
    said = {name: (light, dark or light)[at] for name, light, dark in found}
    return {name: tuple(int(said[name][place : place + 2], 16) for place in (1, 3, 5)) for name in said}


def _luminance(colour: tuple[int, ...]) -> float:
    red, green, blue = (one / 255 / 12.92 if one / 255 <= 0.04045 else ((one / 255 + 0.055) / 1.055) ** 2.4 for one in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


GROUNDS = ("page", "surface", "fill", "selected")
TEXT = [
    *product(("ink", "ink-soft", "link", "link-hover"), GROUNDS),
    *product(("on-action",), ("danger-solid",)),
    *((f"{tone}-ink", f"{tone}-tint") for tone in ("good", "warn", "danger")),
    *product(("danger-ink",), ("surface", "page")),
    *product(("ink",), ("good-tint", "warn-tint", "danger-tint")),
    *product(("on-bar", "on-bar-soft"), ("bar",)),
    *product(("on-action",), ("action", "action-hover")),
]
MARKS = [*product(("field-line", "focus", *(f"chart-{one}" for one in range(1, 7))), ("page", "surface")), ("focus-bar", "bar")]


def test_a_page_in_the_dark_differs_in_colours_alone() -> None:
    """So axe is asked in the dark for what depends on colours (sweeping.py). Not about the page that Swagger UI draws."""
    files = [one for one in FOLDER.parent.rglob("*") if one.suffix in {".css", ".html", ".js"} and "described" not in one.parts]
    assert SHARED / "tokens.css" in files
    told = re.compile("prefers-color-scheme|matchMedia|color-scheme: dark")
    assert [(one.name, told.findall(one.read_text())) for one in files if told.search(one.read_text())] == [
        ("tokens.css", ["color-scheme: dark"])
    ]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_pair_of_colours_that_meets_can_be_read(scheme: int) -> None:
    """WCAG 2.1, 1.4.3 and 1.4.11: 4.5 for text, 3 for marks."""
    colours = _colours(scheme)
    short = []
    for pairs, least in ((TEXT, 4.5), (MARKS, 3.0)):
        for front, back in pairs:
            high, low = sorted((_luminance(colours[front]), _luminance(colours[back])), reverse=True)
            if (high + 0.05) / (low + 0.05) < least:
                short.append((front, back, round((high + 0.05) / (low + 0.05), 2)))
    assert short == []

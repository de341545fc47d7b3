"""The tables of one agreement's page: what each is narrowed and sorted by, and what its file has."""

from typing import Final

from services.gateway.console.agreements_shown import CREDENTIAL_KINDS, USES, UsedElement
from services.gateway.console.element_words import SECTION_WORDS
from services.gateway.console.viewing import utc
from services.gateway.console.whole_tables import Choice, Filter, Say, WholeTable, coded
from services.gateway.console.words import word
from shared.word_order import in_words


def _section(one: UsedElement, translate: Say) -> list[Choice]:
    code = one.element.partition(".")[0]
    return [(code, translate(SECTION_WORDS.get(code, code)))]


ELEMENTS: Final = WholeTable(
    "elements",
    {"-decisions": lambda one: one.count, "element": lambda one: in_words(one.name), "use": lambda one: in_words(one.said.word)},
    filters={
        "use": Filter(word("Use"), lambda one, _: [(one.use, one.said.word)], USES),
        "section": Filter(word("Kind of data"), _section, (*SECTION_WORDS, "educator")),
    },
    file={
        "element": lambda one: one.element,
        "use": lambda one: one.use,
        "permitted": lambda one: one.count,
        "refused": lambda one: one.refused,
    },
    is_first=True,
)
CREDENTIALS: Final = WholeTable(
    "credentials",
    {
        "": None,
        "name": lambda one: in_words(one.name),
        "state": lambda one: in_words(one.said.word),
        "kind": lambda one: in_words(one.kind),
        "-registered": lambda one: one.created_at,
        "-used": lambda one: one.last_used_on,
    },
    filters={
        "state": Filter(word("State"), lambda one, _: [("in" if one.of.disabled_at is None else "out", one.said.word)], ("in", "out")),
        "kind": Filter(word("Kind"), lambda one, _: [(one.of.kind, one.kind)], CREDENTIAL_KINDS),
        "scope": Filter(word("What it may ask for"), lambda one, _: [(scope, scope) for scope in one.scopes]),
    },
    file={
        "client_id": lambda one: str(one.of.id),
        "name": lambda one: one.name,
        "kind": lambda one: one.of.kind,
        "state": lambda one: "in" if one.of.disabled_at is None else "out",
        "created_at": lambda one: utc(one.created_at),
        "last_used_on": lambda one: None if one.last_used_on is None else one.last_used_on.isoformat(),
        "scopes": lambda one: list(one.scopes),
    },
)
SUBPROCESSORS: Final = WholeTable(
    "subprocessors",
    {"": None, "name": lambda one: in_words(one.name), "service": lambda one: in_words(one.service)},
    filters={"service": Filter(word("What it does"), lambda one, _: [(coded(one.service), one.service)])},
    file={"name": lambda one: one.name, "service": lambda one: one.service, "where": lambda one: one.where},
)
CLAUSES: Final = WholeTable(
    "clauses",
    {"": None, "clause": lambda one: in_words(one.name), "law": lambda one: one.law or None},
    filters={"law": Filter(word("Law"), lambda one, _: [(coded(one.law), one.law)] if one.law else [])},
    file={"clause": lambda one: one.code, "law": lambda one: one.law or None, "where": lambda one: one.where},
)

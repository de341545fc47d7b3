"""The two tables of the settings' page that are wholly on it: what they are narrowed and sorted by, and what their files have."""

from datetime import UTC
from typing import Final

from services.gateway.console.node_keys import PURPOSES, STANDINGS, NodeKey
from services.gateway.console.viewing import utc
from services.gateway.console.whole_tables import Choice, Filter, Say, WholeTable
from services.gateway.console.words import word

_STANDING_CODES: Final = tuple(code.replace(" ", "-") for code in STANDINGS)
CHOSEN: Final = {"here": word("Chosen here"), "usual": word("As usual")}


def _purpose(key: NodeKey) -> int:
    return list(PURPOSES).index(key.purpose)


def _standing(key: NodeKey) -> int:
    return list(STANDINGS).index(key.standing)


def _stands(key: NodeKey, translate: Say) -> list[Choice]:
    return [(key.standing.replace(" ", "-"), translate(STANDINGS[key.standing]))]


KEYS: Final = WholeTable(
    "keys",
    {"purpose": _purpose, "standing": _standing, "algorithm": lambda key: (key.algorithm, key.epoch or 0)},
    filters={
        "purpose": Filter(word("What for"), lambda key, _: [(key.purpose, _(PURPOSES[key.purpose]))], PURPOSES),
        "standing": Filter(
            word("How it stands"), lambda key, _: [(key.standing.replace(" ", "-"), _(STANDINGS[key.standing]))], _STANDING_CODES
        ),
    },
    file={
        "purpose": lambda key: key.purpose,
        "kid": lambda key: key.kid,
        "algorithm": lambda key: key.algorithm,
        "epoch": lambda key: key.epoch,
        "standing": lambda key: key.standing,
        "until": lambda key: None if key.until is None else utc(key.until.astimezone(UTC)),
    },
)
"""Public halves, by their thumbprints."""

SETTINGS: Final = WholeTable(
    "settings",
    {"": None, "setting": lambda one: one.name},
    filters={"chosen": Filter(word("Value"), lambda one, _: [(code := "here" if one.is_chosen else "usual", _(CHOSEN[code]))], CHOSEN)},
    file={
        "name": lambda one: one.name,
        "value": lambda one: one.value,
        "usual": lambda one: one.usual,
        "chosen": lambda one: one.is_chosen,
    },
)

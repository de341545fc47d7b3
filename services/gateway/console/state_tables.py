"""The tables of the states' pages that are wholly on them: keys of this node and of another one."""

from typing import Final

from services.gateway.console.viewing import utc
from services.gateway.console.whole_tables import Filter, WholeTable, coded
from services.gateway.console.words import word

OWN_STANDINGS: Final = {
    "not-yet": ("plain", "dot", word("Not yet")),
    "in-force": ("good", "check", word("In force")),
    "opens": ("plain", "half", word("Opens what is under way")),
}
THEIR_STANDINGS: Final = {
    "ours": ("good", "check", word("We seal to it")),
    "not-yet": ("plain", "dot", word("Not yet")),
    "over": ("plain", "dot", word("Over")),
    "unused": ("plain", "dot", word("Not used by us")),
}
"""Tone, mark and word."""

OWN_KEYS: Final = WholeTable(
    "keys",
    {"-epoch": lambda row: row[0].epoch, "-until": lambda row: row[0].not_after, "-destroyed": lambda row: row[0].destroyed_at},
    filters={
        "standing": Filter(word("How it stands"), lambda row, _: [(row[1], _(OWN_STANDINGS[row[1]][2]))], OWN_STANDINGS),
        "algorithm": Filter(word("Algorithm"), lambda row, _: [(coded(row[0].suite), row[0].suite)]),
    },
    file={
        "epoch": lambda row: row[0].epoch,
        "suite": lambda row: row[0].suite,
        "standing": lambda row: row[1],
        "not_before": lambda row: utc(row[0].not_before),
        "not_after": lambda row: utc(row[0].not_after),
        "destroyed_at": lambda row: utc(row[0].destroyed_at),
    },
)
"""A row is a key and how it stands."""

THEIR_KEYS: Final = WholeTable(
    "keys",
    {"-epoch": lambda row: row[0].epoch, "-from": lambda row: row[0].not_before, "-until": lambda row: row[0].not_after},
    filters={
        "standing": Filter(word("How it stands"), lambda row, _: [(row[1], _(THEIR_STANDINGS[row[1]][2]))], THEIR_STANDINGS),
        "algorithm": Filter(word("Algorithm"), lambda row, _: [(coded(row[0].suite), row[0].suite)]),
    },
    file={
        "epoch": lambda row: row[0].epoch,
        "kid": lambda row: row[0].kid,
        "suite": lambda row: row[0].suite,
        "standing": lambda row: row[1],
        "not_before": lambda row: utc(row[0].not_before),
        "not_after": lambda row: utc(row[0].not_after),
    },
)
"""The same of another node's."""

"""Texts of PostgreSQL that do for many rows, given as a list a column, what a text does for one."""

import re
from functools import lru_cache
from typing import Final

KEPT: Final = 1024

_VALUE = re.compile(r"\$(\d+)::([A-Z]+)")
_INSERT = re.compile(r"(INSERT INTO [^()]+ \([^()]+\)) VALUES \(((?:\$\d+::[A-Z]+(?:, )?)+)\)( ON CONFLICT DO NOTHING)?")
_UPDATE = re.compile(r"UPDATE (\w+) SET (.+?) WHERE (.+)")
_MORE = re.compile(r"\b(SELECT|FROM|RETURNING|WITH|ARRAY)\b|\[|\$\d+(?!\d|::)")
"""What an UPDATE may not have: another query, or a value that is no plain one of a type of one word."""


@lru_cache(maxsize=KEPT)
def of_many(text: str) -> str | None:
    """An INSERT of a typed value for each column, or an UPDATE by plain values, of many rows; None for any other text.

    Rows are added in their order. One that is named twice in an UPDATE is changed once.
    """
    plain = _INSERT.fullmatch(text)
    if plain is not None:
        return f"{plain[1]} SELECT * FROM unnest({_VALUE.sub(_listed, plain[2])}){plain[3] or ''}"  # noqa: S608 names of ours
    plain = _UPDATE.fullmatch(text)
    if plain is None or _MORE.search(text) or not _VALUE.search(text):
        return None
    types = {int(number): kind for number, kind in _VALUE.findall(text)}
    numbers = range(1, len(types) + 1)
    if set(types) != set(numbers):
        return None
    lists = ", ".join(f"${number}::{types[number]}[]" for number in numbers)
    names = ", ".join(f"v{number}" for number in numbers)
    table, changed, these = plain[1], _VALUE.sub(r"of_one.v\1", plain[2]), _VALUE.sub(r"of_one.v\1", plain[3])
    return f"UPDATE {table} SET {changed} FROM unnest({lists}) AS of_one ({names}) WHERE {these}"  # noqa: S608 names of ours


def _listed(value: re.Match[str]) -> str:
    return f"{value[0]}[]"

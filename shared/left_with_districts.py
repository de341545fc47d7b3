"""A header field of answers that lack something: the ids of the organisations that keep their students' records in systems of their own."""

from typing import Final

FIELD: Final = "safepassage-left-with-districts"
"""Ids, separated by a comma and a blank; the field is not there where nothing is lacking."""

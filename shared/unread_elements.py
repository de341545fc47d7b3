"""A header field of answers with a record that a node of a later version sent: the elements that this node does not know, or not wholly."""

from typing import Final

FIELD: Final = "safepassage-unread-elements"
"""Ids of elements, separated by a comma and a blank; the field is not there where all was read."""

"""The one JSON text of a record: by it a load knows again what was loaded, and from it the members are cut that are sealed. Pure."""

from safepassage.record import Sections


def json_of(record: Sections) -> bytes:
    """Without members that are not there."""
    return record.__pydantic_serializer__.to_json(record, exclude_none=True)

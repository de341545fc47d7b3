"""`also`: the one member of a message in which a later version says what who does not know it does without (decision 104).

Everything else of a message is closed: a member that is not known may be a condition, and who does not know a condition must not go on as
if there were none. Which of the two a new member is, its place says. Nothing in it is a person's, but where the message is sealed.
"""

from typing import Annotated, Final

from pydantic import AfterValidator, Field, JsonValue, StringConstraints

from safepassage.canonical import canonical_json

MOST_BYTES: Final = 4096
"""Of its canonical JSON: a message has room for it beside its proof."""

_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


def _canonical(value: dict[str, JsonValue] | None) -> dict[str, JsonValue] | None:
    """INVARIANT: what is committed to is made again from the message (a notice's content), so that its numbers have one form."""
    try:
        length = 0 if value is None else len(canonical_json(value))
    except TypeError as error:
        raise ValueError("a number that is not whole") from error
    if length > MOST_BYTES:
        raise ValueError("larger than its place")
    return value


Also = Annotated[
    Annotated[dict[_Name, JsonValue], Field(min_length=1)] | None,
    AfterValidator(_canonical),
    Field(exclude_if=lambda value: value is None),
]
"""Where there is none the message is the same, byte for byte, as that of a version that knows no such member."""

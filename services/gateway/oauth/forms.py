"""A form as OAuth has it: each parameter once, nothing in the query, nothing that is not UTF-8 (RFC 6749 sections 3.2 and Appendix B)."""

from typing import Final
from urllib.parse import parse_qsl

from services.gateway.oauth.oauth_errors import TokenRequestInvalid

MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
MOST_FIELDS: Final = 64


def parse_form(body: bytes, *, content_type: str, query: bytes) -> dict[str, str]:
    """The parameters of a token request. Empty ones count as left out. Raises TokenRequestInvalid."""
    if content_type.partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise TokenRequestInvalid("the body is application/x-www-form-urlencoded")
    if query:
        raise TokenRequestInvalid("parameters are sent in the body only")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=True, encoding="utf-8", errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError as error:
        raise TokenRequestInvalid("the body is not a form of 64 fields at the most") from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise TokenRequestInvalid("a parameter comes twice")
    if any(not value.isprintable() for value in form.values()):
        raise TokenRequestInvalid("a parameter holds a control character")
    return {name: value for name, value in form.items() if value}

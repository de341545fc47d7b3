"""The form of OAuth's errors in the gateway's OpenAPI document (RFC 6749 section 5.2)."""

from typing import Any, Final

OAUTH_ERROR: Final = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
    "additionalProperties": False,
}


def document_errors(document: dict[str, Any], *paths: str) -> None:
    """Where the endpoints themselves refuse they answer OAuth's errors; the door in front of them answers problems as everywhere."""
    for path in paths:
        answers = document["paths"][path]["post"]["responses"]
        for status in ("400", "401"):
            answers[status] = {
                "description": "OAuth error (RFC 6749 section 5.2)",
                "content": {"application/json": {"schema": OAUTH_ERROR}},
            }
        answers["503"] = {"description": "Temporarily unavailable", "content": answers["400"]["content"]}
        for status in ("403", "422"):
            answers.pop(status, None)

"""What oidc-provider says otherwise of what a browser brings to the pages at which a person agrees. Rows by the numbers of their tables."""

from typing import Final

from tests.npm.difference import Difference
from tests.npm.elsewhere import ACCEPTED

CONSENT: Final[list[Difference]] = [
    Difference(
        "beside the name of a pushed request it leaves what it cannot read, and however much there is, unread too; we take an address as a "
        "whole or not at all",
        ACCEPTED,
        {"consent": ("0: bytes that are no text", "0: more than anybody asks for")},
    ),
    Difference(
        "RFC 9101 has an error of its own where no request objects are taken; our page says that the application has to ask again",
        "request_not_supported",
        {"consent": ("0: a request object beside it",)},
    ),
    Difference(
        "client_id it holds against what was pushed, as of a request object (RFC 9101 section 6.3); to us it is another's request",
        "invalid_request_object",
        {"consent": ("0: another client",)},
    ),
    Difference(
        "that there is no such client it says, and to whom; to a person at our page no client, another's and no request are one",
        "invalid_client",
        {"consent": ("0: a client that is none",)},
    ),
    Difference(
        "RFC 9101 has an error of its own for a name that stands for nothing, or nothing any more; our page says that the application has "
        "to ask again",
        "invalid_request_uri",
        {
            "consent": (
                "0: another name",
                "0: the name and a character more",
                "3: the page once it was agreed to",
                "3: the page five minutes later",
            )
        },
    ),
    Difference(
        "the same of a request object's address",
        "request_uri_not_supported",
        {"consent": ("0: a name of another kind", "0: the name alone, of no kind")},
    ),
    Difference(
        "its form counts for a cookie with SameSite=Lax, which browsers do not send from another site; we ask the browser too (Fetch "
        "Metadata, Origin), for a sibling host is the same site and an old browser knows no SameSite",
        ACCEPTED,
        {"consent": ("1: another site", "1: another origin", "1: a browser that says nothing")},
    ),
    Difference(
        "its form names no request, a cookie does, and what else a form holds is left unread; our form names the request that was read, so "
        "that of two pages that are open each answers its own, and what is not the form's was put there by somebody else",
        ACCEPTED,
        {
            "consent": (
                "2: another client",
                "2: a client that is none",
                "2: no client",
                "2: another name",
                "2: a name of another kind",
                "2: no name",
                "2: a scope",
                "2: details",
                "2: a redirect_uri",
                "2: a state",
                "2: a person",
            )
        },
    ),
    Difference(
        "its own pages are for trying out, and fail at a word that they do not know; nothing is given either way",
        "server_error",
        {
            "consent": (
                "2: no answer",
                "2: an empty answer",
                "2: an answer in upper case",
                "2: another word",
                "2: two answers",
            )
        },
    ),
    Difference(
        "a refusal leaves what was pushed good for the rest of its minute there; with us each answer uses it up, so nobody is asked until "
        "they agree",
        ACCEPTED,
        {"consent": ("3: the page once it was refused",)},
    ),
    Difference(
        "once a person was led to its page the name may end, and the page waits an hour; with us what was pushed counts for five minutes, "
        "the answer included",
        ACCEPTED,
        {"consent": ("3: the form five minutes later",)},
    ),
]

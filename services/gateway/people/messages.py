"""Every message of the pages of sign-in, for whoever translates them. Roles, purposes, and what problems say are the console's."""

from typing import Final

from safepassage.problems import REGISTRY
from services.gateway.people.pages import FOLDER

REFUSALS: Final = ("link-not-good", "provider-not-reached", "sign-in-declined", "sign-in-not-believed", "sign-in-not-under-way")
"""By code: problems that no page but these has to show. Their titles are the console's, as those of all are."""


def messages() -> list[str]:
    """In the order of their files, each once: the msgids that a catalogue in `locale/` has."""
    from babel.messages.extract import extract_from_dir  # noqa: PLC0415 a tool's

    options = {"**.html": {"silent": "false"}}
    pages = (FOLDER / "people" / "page", FOLDER / "oauth" / "codes")
    found = [
        one for folder in pages for one in extract_from_dir(folder, [("**.html", "jinja2")], keywords={"_": None}, options_map=options)
    ]
    return list(dict.fromkeys([*(str(one[2]) for one in found), *(REGISTRY[code].remedy for code in REFUSALS)]))

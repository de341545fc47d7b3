"""Every message of families' pages, for whoever translates them. Names of elements, purposes and states are the console's."""

from services.gateway.family.frame import FOLDER, PLACES


def messages() -> list[str]:
    """In the order of their files, each once: the msgids that a catalogue in `locale/` has."""
    from babel.messages.extract import extract_from_dir  # noqa: PLC0415 a tool's

    ways = [("templates/**.html", "jinja2"), ("*.py", "python")]
    keywords = {"_": None, "translate": None, "word": None}
    options = {"templates/**.html": {"silent": "false"}}
    found = [str(one[2]) for one in extract_from_dir(FOLDER, ways, keywords=keywords, options_map=options)]
    return list(dict.fromkeys([*found, *(name for _, name in PLACES)]))

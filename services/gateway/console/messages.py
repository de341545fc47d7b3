"""Every message of the console, for whoever translates it: those of the templates, and the words that are kept as data."""

from pathlib import Path
from typing import Final

from safepassage.record.load_causes import CAUSES
from services.gateway.console.acts import SAID
from services.gateway.console.alert_words import ALERT_WORDS
from services.gateway.console.duties import STATES
from services.gateway.console.duty_words import DUTY_WORDS
from services.gateway.console.navigation import MENU
from services.gateway.console.problem_words import PROBLEM_WORDS
from services.gateway.console.readiness import AREAS, RESTS_ON
from services.gateway.console.readiness_messages import readiness_messages
from services.gateway.people.roles import ROLES
from services.gateway.settings import GatewaySettings

FOLDER: Final = Path(__file__).parent


def messages() -> list[str]:
    """In the order of their files, each once: the msgids that a catalogue in `locale/` has."""
    from babel.messages.extract import extract_from_dir  # noqa: PLC0415 a tool's

    ways = [("templates/**.html", "jinja2"), ("*.py", "python")]
    keywords = {"_": None, "translate": None, "word": None}
    found = [
        str(one[2]) for one in extract_from_dir(FOLDER, ways, keywords=keywords, options_map={"templates/**.html": {"silent": "false"}})
    ]
    words = [word for _, word in STATES]
    places = [word for group, inside in MENU for word in (group, *(place.name for place in inside))]
    return list(
        dict.fromkeys(
            [
                *found,
                *words,
                *places,
                *AREAS.values(),
                *RESTS_ON.values(),
                *readiness_messages(),
                *ROLES.values(),
                *DUTY_WORDS.values(),
                *ALERT_WORDS.values(),
                *SAID,
                *(said for cause in CAUSES.values() for said in (cause.title, cause.remedy)),
                *PROBLEM_WORDS,
                *(field.description or "" for field in GatewaySettings.model_fields.values()),
            ]
        )
    )

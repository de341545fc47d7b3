"""Language, appearance and time zone of a browser: three cookies that hold a word of a short list each, and nothing of the person."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, cast

from services.gateway.console.viewing import LANGUAGES, THEMES, ZONES, Language, Theme, Viewing

Header = Iterable[tuple[bytes, bytes]]

SECONDS: Final = 365 * 24 * 3600
WORDS: Final = {"language": tuple(LANGUAGES), "theme": THEMES, "zone": ZONES}


def viewing_of(fields: Header, now: datetime, *, zone: str = "UTC") -> Viewing:
    """What the cookies say. Anything that is not of the lists is as if it were not there. `zone`: the agency's."""
    said = {}
    for field, line in fields:
        if field == b"cookie":
            for pair in line.decode("latin-1").split(";"):
                name, _, value = pair.strip().partition("=")
                if value in WORDS.get(name, ()):
                    said[name] = value
    return Viewing(cast("Language", said.get("language", "en")), cast("Theme", said.get("theme", "auto")), said.get("zone", zone), now)


def cookies_for(form: Iterable[tuple[str, str]], *, secure: bool) -> list[str]:
    """Set-Cookie values for what a form chose; what is not of the lists is left out."""
    about = f"; Path=/; SameSite=Lax; HttpOnly; Max-Age={SECONDS}" + ("; Secure" if secure else "")
    return [f"{name}={value}{about}" for name, value in form if value in WORDS.get(name, ())]

"""One form for what people write in many: names, dates, identifiers. Pure; look-up tags and matching rest on it.

Two forms being equal means "may be the same", never "is": who decides is matching.py.
"""

import unicodedata

PARTICLES = frozenset({"da", "de", "del", "della", "der", "di", "do", "dos", "du", "el", "la", "las", "le", "los", "van", "von", "y", "e"})
PLACEHOLDERS = frozenset({"", "fnu", "lnu", "nfn", "nln", "unknown", "none", "na", "test", "baby", "x"})
"""What stands where a name is not known: first name unknown (FNU), last name unknown (LNU), ... It carries no weight."""

_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ħ": "h", "ŋ": "n"})

_BETWEEN = str.maketrans(dict.fromkeys("-‐‑‒–—,.", " "))
"""What stands between words, besides white space."""


def folded(text: str) -> str:
    """Lower case, without marks, apostrophes, hyphens, spaces or anything that is not a letter or digit: O’Brien is obrien, Núñez nunez.

    Modifier letters (the Hawaiian ʻokina) go too; letters of other scripts stay as they are.
    """
    if text.isascii():  # most of what is loaded: nothing to decompose
        return text.lower() if text.isalnum() else "".join(filter(str.isalnum, text.lower()))
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(character for character in plain if character.isalnum() and unicodedata.category(character) != "Lm")


def words(text: str) -> list[str]:
    """The folded words of a name, split at spaces, hyphens, commas and full stops; an apostrophe does not split."""
    return [word for part in text.translate(_BETWEEN).split() if (word := folded(part))]


def given_name(text: str | None) -> str | None:
    """The form of a given name; None for a placeholder. Mary Ann and Maryann are one form."""
    form = folded(text or "")
    return None if form in PLACEHOLDERS else form


def surname_forms(last_1: str, last_2: str | None = None) -> frozenset[str]:
    """Every form under which a surname may be looked up: whole, either of two surnames, without particles. Empty for a placeholder.

    García-López gives garcialopez, garcia, lopez; De La Cruz, Delacruz and "Cruz, De La" all give delacruz.
    """
    if not last_2 and last_1.isascii() and last_1.isalnum():  # one plain word, as most surnames are: it has no other form
        form = last_1.lower()
        return frozenset() if form in PLACEHOLDERS else frozenset((form,))
    whole = [*words(last_1), *words(last_2 or "")]
    meaning = [word for word in whole if word not in PARTICLES]
    particles = [word for word in whole if word in PARTICLES]
    forms = {"".join(whole), "".join(particles + meaning), folded(last_1), folded(last_2 or ""), *meaning}
    return frozenset(form for form in forms if form not in PLACEHOLDERS)


def same_surname(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two surnames share a form."""
    return not one.isdisjoint(other)


def identifier_form(value: str) -> str | None:
    """The form of an identifier: letters and digits, upper case; None if nothing is left or all digits are zero or nine."""
    form = "".join(filter(str.isalnum, value.upper()))
    return form if form.strip("0") and form.strip("9") else None


def suffix_form(suffix: str | None) -> str | None:
    """jr, sr, ii, iii, ...: the form of a generation suffix; 2nd is ii and 3rd is iii."""
    form = folded(suffix or "")
    return {"2nd": "ii", "3rd": "iii", "4th": "iv", "junior": "jr", "senior": "sr"}.get(form, form) or None

"""How another school writes the same child down: nicknames, half of a double surname, lost marks, exchanged day and month, slips."""

from copy import deepcopy
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from unicodedata import combining, normalize

from node.synthetic.people import Document


@dataclass(frozen=True)
class SpellingRates:
    """Shares of records; where a form has to be possible first (a double surname, marks, a nickname), of those in which it is."""

    marks_lost: float = 0.5
    one_surname: float = 0.15
    hyphenated: float = 0.2
    surnames_exchanged: float = 0.04
    written_together: float = 0.3
    nickname: float = 0.08
    transliterated: float = 0.2
    middle_lost: float = 0.3
    middle_initial: float = 0.3
    middle_used_as_first: float = 0.01
    given_slip: float = 0.015
    surname_slip: float = 0.015
    day_and_month_exchanged: float = 0.01
    day_slip: float = 0.01
    year_slip: float = 0.005
    default_birth_date: float = 0.002
    surname_changed: float = 0.01
    placeholder: float = 0.001


USUAL = SpellingRates()

NICKNAMES: dict[str, tuple[str, ...]] = {
    "Abigail": ("Abby", "Gail"), "Alejandra": ("Ale", "Sandra"), "Alonso": ("Lonso",), "Caleb": ("Cale",), "Camila": ("Cami",),
    "Cristóbal": ("Cris",), "Daniela": ("Dani",), "Eleanor": ("Ellie", "Nora"), "Elijah": ("Eli",), "Emiliano": ("Emi",),
    "Esperanza": ("Espe",), "Esteban": ("Steven",), "Guadalupe": ("Lupe", "Lupita"), "Hannah": ("Hanna",), "Henry": ("Hank", "Harry"),
    "Ibrahim": ("Abraham",), "Isabel": ("Isa", "Bella"), "Isaiah": ("Zay",), "Jasmine": ("Jazz",), "Joaquín": ("Quino",),
    "José": ("Pepe",), "Julián": ("Julian",), "Lucy": ("Lu",), "Madison": ("Maddie",), "Makayla": ("Kayla",), "Mariana": ("Mari",),
    "Nicolás": ("Nico",), "Rafael": ("Rafa",), "Rodrigo": ("Rodri",), "Santiago": ("Santi", "James"), "Scarlett": ("Scarlet",),
    "Sebastián": ("Seb",), "Theo": ("Theodore",), "Valeria": ("Vale",), "Violet": ("Vi",), "Zoe": ("Zoey",),
}  # fmt: skip
TRANSLITERATED: dict[str, tuple[str, ...]] = {
    "Mohammed": ("Muhammad", "Mohamed"), "Muhammad": ("Mohammed", "Mohamed"), "Yusuf": ("Yousef", "Youssef"), "Fatima": ("Fatimah",),
    "Hassan": ("Hasan",), "Amina": ("Aminah",), "Maryam": ("Mariam",), "Omar": ("Umar",), "Seo-yeon": ("Suh Yeon",),
    "Min-jun": ("Minjoon",), "Xiuying": ("Hsiu-ying",), "Zahra": ("Zehra",),
}  # fmt: skip
OTHER_SURNAMES = ("Marlowe", "Castellanos", "Whitaker", "Delgado", "Sandoval", "Prescott")


def plain(text: str) -> str:
    """Without marks and typographic apostrophes, as an old system stores it."""
    swapped = text.replace("’", "'").replace("ʻ", "").replace("Ł", "L").replace("ł", "l").replace("ø", "o").replace("Ø", "O")
    swapped = swapped.replace("Đ", "D").replace("đ", "d")
    return "".join(letter for letter in normalize("NFKD", swapped) if not combining(letter))


def written_elsewhere(identity: Document, random: Random, rates: SpellingRates = USUAL) -> tuple[Document, tuple[str, ...]]:
    """The identity section as another registrar writes it, and what is different, by name."""
    made, said = deepcopy(identity), []
    for what, change in _CHANGES:
        share = getattr(rates, what)
        drawn = random.random()
        if drawn < share and change(made, random):
            said.append(what)
    made.pop("preferred_name", None)
    return made, tuple(said)


def _marks_lost(made: Document, random: Random) -> bool:
    name = made["name"]
    changed = {part: plain(text) for part, text in name.items() if plain(text) != text}
    name |= changed
    return bool(changed)


def _one_surname(made: Document, random: Random) -> bool:
    return made["name"].pop("last_2", None) is not None


def _hyphenated(made: Document, random: Random) -> bool:
    name = made["name"]
    if "last_2" not in name:
        return False
    name["last_1"] = f"{name['last_1']}-{name.pop('last_2')}"
    return True


def _surnames_exchanged(made: Document, random: Random) -> bool:
    name = made["name"]
    if "last_2" not in name:
        return False
    name["last_1"], name["last_2"] = name["last_2"], name["last_1"]
    return True


def _written_together(made: Document, random: Random) -> bool:
    name = made["name"]
    before = (name.get("first"), name["last_1"])
    together = "".join(name["last_1"].split(" "))
    name["last_1"] = together if together == name["last_1"] else together.capitalize()
    if "first" in name and " " in name["first"]:
        name["first"] = "".join(name["first"].split(" ")).capitalize()
    return (name.get("first"), name["last_1"]) != before


def _other_form(forms: dict[str, tuple[str, ...]], made: Document, random: Random) -> bool:
    first = made["name"].get("first")
    if first not in forms:
        return False
    made["name"]["first"] = random.choice(forms[first])
    return True


def _nickname(made: Document, random: Random) -> bool:
    return _other_form(NICKNAMES, made, random)


def _transliterated(made: Document, random: Random) -> bool:
    return _other_form(TRANSLITERATED, made, random)


def _middle_lost(made: Document, random: Random) -> bool:
    return made["name"].pop("middle", None) is not None


def _middle_initial(made: Document, random: Random) -> bool:
    name = made["name"]
    if len(name.get("middle", "")) < 2:
        return False
    name["middle"] = name["middle"][0]
    return True


def _middle_used_as_first(made: Document, random: Random) -> bool:
    name = made["name"]
    if len(name.get("middle", "")) < 2:
        return False
    name["first"] = name.pop("middle")
    return True


def _slip(text: str, random: Random) -> str:
    """One letter left out, doubled, or two exchanged."""
    if len(text) < 4:
        return text
    place = random.randrange(1, len(text) - 1)
    kind = random.randrange(3)
    if kind == 0:
        return text[:place] + text[place + 1 :]
    if kind == 1:
        return text[:place] + text[place] + text[place:]
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def _given_slip(made: Document, random: Random) -> bool:
    before = made["name"].get("first", "")
    after = _slip(before, random)
    if after == before:
        return False
    made["name"]["first"] = after
    return True


def _surname_slip(made: Document, random: Random) -> bool:
    before = made["name"]["last_1"]
    made["name"]["last_1"] = _slip(before, random)
    return bool(made["name"]["last_1"] != before)


def _born(made: Document) -> date:
    return date.fromisoformat(made["birth_date"]["birth_date"])


def _bear(made: Document, day: date) -> bool:
    changed = day != _born(made)
    made["birth_date"]["birth_date"] = day.isoformat()
    return changed


def _day_and_month_exchanged(made: Document, random: Random) -> bool:
    born = _born(made)
    return born.day <= 12 and _bear(made, date(born.year, born.day, born.month))


def _day_slip(made: Document, random: Random) -> bool:
    return _bear(made, _born(made) + timedelta(days=random.choice((-10, -1, 1, 10))))


def _year_slip(made: Document, random: Random) -> bool:
    born = _born(made)
    return (born.month, born.day) != (2, 29) and _bear(made, born.replace(year=born.year + random.choice((-1, 1))))


def _default_birth_date(made: Document, random: Random) -> bool:
    return _bear(made, date(_born(made).year, 1, 1))


def _surname_changed(made: Document, random: Random) -> bool:
    made["name"]["last_1"] = random.choice(OTHER_SURNAMES)
    made["name"].pop("last_2", None)
    return True


def _placeholder(made: Document, random: Random) -> bool:
    made["name"]["first"] = "FNU"
    return True


_CHANGES = (
    ("nickname", _nickname),
    ("transliterated", _transliterated),
    ("middle_used_as_first", _middle_used_as_first),
    ("middle_lost", _middle_lost),
    ("middle_initial", _middle_initial),
    ("surname_changed", _surname_changed),
    ("surnames_exchanged", _surnames_exchanged),
    ("one_surname", _one_surname),
    ("hyphenated", _hyphenated),
    ("marks_lost", _marks_lost),
    ("written_together", _written_together),
    ("given_slip", _given_slip),
    ("surname_slip", _surname_slip),
    ("day_and_month_exchanged", _day_and_month_exchanged),
    ("day_slip", _day_slip),
    ("year_slip", _year_slip),
    ("default_birth_date", _default_birth_date),
    ("placeholder", _placeholder),
)

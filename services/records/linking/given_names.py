"""Given names that are used for one another. Pure.

Two names of a group may be one child's, no more: the group brings a pair to the comparison, it decides nothing. Names that twins bear
beside each other (Jayden and Jaylen) are in no group.
"""

from typing import Final

from services.records.normalisation import given_name

GROUPS: Final = (
    "abigail abby gail", "alejandra alexandra sandra ale", "alejandro alexander alex", "andrew andy drew", "anthony tony antonio",
    "benjamin ben", "catherine katherine kathryn kate cathy kathy katie", "charles charlie chuck carlos",
    "christopher chris cristobal cris", "daniel dan danny", "daniela dani", "david dave", "deborah debbie", "dorothy dot dottie",
    "edward ed eddie ted", "eleanor ellie", "elizabeth liz beth lizzie eliza", "emiliano emi", "esperanza espe",
    "esteban steven stephen steve", "francisco francis frank paco", "george jorge", "guadalupe lupe lupita", "hannah hanna",
    "henry hank harry enrique", "ibrahim abraham", "isabel isabella isa bella", "ignacio nacho", "james jim jimmy jamie santiago",
    "jennifer jen jenny", "jesus chuy", "joaquin quino", "john jon jack johnny juan", "jose joseph joe pepe", "joshua josh",
    "katerina kat", "lawrence larry", "leonard leo lenny", "lucia lucy", "madison maddie", "margaret maggie peggy meg margarita",
    "mariana mari", "matthew matt mateo", "michael mike mickey miguel", "nathaniel nat nate", "nicholas nick nicolas nico",
    "patricia pat patty tricia", "peter pete pedro", "rafael raphael rafa", "rebecca becky", "richard rick dick ricardo rich",
    "robert rob bob bobby roberto", "rodrigo rodri", "samuel sam", "santiago santi", "scarlett scarlet", "sebastian seb",
    "susan sue susie", "theodore theo ted", "thomas tom tommy tomas", "timothy tim", "valeria vale", "vincent vince vinny", "violet vi",
    "william bill will billy guillermo memo", "zachary zach zack", "zoe zoey",
)  # fmt: skip

SPELLINGS: Final = (
    "mohammed muhammad mohamed mohammad", "yusuf yousef youssef", "fatima fatimah", "hassan hasan", "amina aminah", "maryam mariam",
    "omar umar", "seoyeon suhyeon", "minjun minjoon", "xiuying hsiuying", "zahra zehra", "aleksandr alexandr", "sergei sergey",
    "yekaterina ekaterina",
)  # fmt: skip
"""One name in several transliterations."""


def _by_name(groups: tuple[str, ...]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for group in groups:
        names = group.split()
        for name in names:
            found.setdefault(name, set()).add(f"group:{names[0]}")
    return {name: frozenset(heads) for name, heads in found.items()}


NICKNAMES: Final = _by_name(GROUPS)
TRANSLITERATIONS: Final = _by_name(SPELLINGS)


def groups_of(form: str) -> frozenset[str]:
    """The groups of a given name's form."""
    return NICKNAMES.get(form, frozenset()) | TRANSLITERATIONS.get(form, frozenset())


assert all(given_name(name) == name for name in {**NICKNAMES, **TRANSLITERATIONS})  # noqa: S101 a name in another form would never be met

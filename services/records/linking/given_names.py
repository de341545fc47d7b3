"""Given names that are used for one another. Pure.

Two names of a group may be one child's, no more: the group brings a pair to the comparison, it decides nothing. Names that twins bear
beside each other (Jayden and Jaylen) are in no group.
"""

from typing import Final

from services.records.normalisation import given_name

GROUPS: Final = (
    "aaliyah liyah", "abigail abby gail", "adriana adri", "alejandra alexandra sandra ale", "alejandro alexander alex", "alexis lexi lex",
    "alonso lonso loncho", "andre deandre dre", "andrew andy drew", "angelica angie", "anthony tony antonio", "beatriz bea",
    "benjamin ben", "brianna bri", "caleb cale", "cameron cam", "camila cami mila", "catherine katherine kathryn kate cathy kathy katie",
    "charles charlie chuck carlos", "christopher chris cristobal cris", "concepcion concha conchita", "consuelo chelo",
    "daniel dan danny", "daniela dani", "david dave", "deborah debbie", "destiny desi dez", "dolores lola", "dominique domi nique",
    "dorothy dot dottie", "eduardo lalo edu", "edward ed eddie ted", "eleanor ellie nora nell", "elijah eli lijah",
    "elizabeth liz beth lizzie eliza", "emiliano emi", "esperanza espe", "esteban steven stephen steve", "fernando nando fer",
    "francisco francis frank paco", "gabriel gabe", "gabriela gabrielle gabi gaby gabby brielle", "george jorge", "graciela chela",
    "guadalupe lupe lupita", "gustavo tavo", "hannah hanna", "henry hank harry enrique", "ibrahim abraham", "ignacio nacho",
    "isabel isabella isa bella", "isaiah zay ike", "james jim jimmy jamie santiago", "jasmine jazz jas jazzy", "jennifer jen jenny",
    "jeremiah miah", "jermaine maine", "jesus chuy", "joaquin quino", "john jon jack johnny juan", "jonathan jon jonny", "jordan jordy",
    "jose joseph joe joey pepe", "josephine josie", "joshua josh", "katerina kat", "kenneth ken kenny", "kimberly kim", "lakeisha keisha",
    "latasha tasha", "latoya toya", "lawrence larry", "leonard leo lenny", "leonardo leo nardo", "leticia lety", "lillian lily lilly",
    "lucia lucy lu", "luis lucho", "madison maddie", "makayla mikayla michaela kayla", "manuel manny manolo",
    "margaret maggie peggy meg margarita", "maria mary", "mariana mari", "marquis marq", "matthew matt mateo", "maximiliano max maxi",
    "maxwell max", "mercedes meche", "michael mike mickey miguel", "monique mo nique", "natalia nati", "natalie nat",
    "nathaniel nat nate", "nicholas nick nicolas nico", "olivia liv livvy", "pablo paul", "patricia pat patty tricia", "penelope penny",
    "peter pete pedro", "philip phil felipe", "rafael raphael rafa", "ramon moncho", "raymond ray", "rebecca becky",
    "richard rick dick ricardo rich", "robert rob bob bobby roberto beto", "rodrigo rodri", "ronald ron ronnie", "rosario chayo",
    "salvador chava", "samuel sam", "santiago santi", "scarlett scarlet", "sebastian seb", "stephanie steph", "susan sue susie",
    "tabitha tabby", "tamika tami mika", "teresa tere theresa", "terrance terrence terry", "theodore theo ted", "thomas tom tommy tomas",
    "tiffany tiff", "timothy tim", "trinity trin", "tyrone ty", "valeria vale", "victoria vicky tori", "vincent vince vinny", "violet vi",
    "william bill will billy guillermo memo", "xavier xavi zay", "ximena xime", "zachariah zach zack", "zachary zach zack", "zoe zoey",
)  # fmt: skip

SPELLINGS: Final = (
    "abdullah abdallah", "ahmed ahmad", "aisha ayesha aysha", "aleksandr alexandr", "amina aminah", "brianna breanna", "fatima fatimah",
    "hassan hasan", "hussein husain hussain", "jihye jihae", "khadija khadijah", "layla leila laila", "maryam mariam", "minjun minjoon",
    "mohammed muhammad mohamed mohammad", "mustafa mostafa", "omar umar", "rashid rasheed", "saeed said sayid", "seoyeon suhyeon",
    "sergei sergey", "sofia sophia", "tariq tarek", "xiaoming hsiaoming", "xiuying hsiuying", "yekaterina ekaterina",
    "yusuf yousef youssef", "zahra zehra", "zainab zaynab", "zhihao chihhao",
)  # fmt: skip
"""One name in several transliterations."""

ALSO_GIVEN: Final = (
    "abby abraham alex alexander alexandra andy antonio becky bella ben bobby brielle cale camila carlos charlie chris cristobal dan "
    "danny deandre dolores drew eli ellie enrique esteban felipe francis frank gabe gabriela gabrielle gail guillermo hank hanna "
    "hannah harry isabella jack james jamie jenny joe joey john johnny jon jose josie juan kate katherine kathryn katie kayla ken "
    "kenny kim lakeisha latasha leo leonardo lexi lillian lilly lily lola lucia lucy luis maddie maggie makayla manny margarita mari "
    "maria mary mateo matt max meg michaela mickey miguel mika mikayla mila nat natalia nate nell nick nico nicolas nora pablo paul "
    "pedro penny raphael ray ricardo rick rob roberto ron ronnie sam sandra santiago scarlet stephen steve steven susie tasha ted "
    "terrence terry theo theresa tom tomas tommy tony tori ty vince will zach zachary zack zoey"
)  # fmt: skip
"""Names of groups, beside the first of each, that are given at birth too: twins may bear them beside the name that they are short for."""


def _by_name(groups: tuple[str, ...]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for group in groups:
        names = group.split()
        for name in names:
            found.setdefault(name, set()).add(f"group:{names[0]}")
    return {name: frozenset(heads) for name, heads in found.items()}


NICKNAMES: Final = _by_name(GROUPS)
TRANSLITERATIONS: Final = _by_name(SPELLINGS)

GIVEN_AT_BIRTH: Final = {*ALSO_GIVEN.split(), *(group.split()[0] for group in GROUPS)}


def may_be_two(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether forms that meet in a group may be two children's all the same, Eleanor and Nora: both are given at birth.

    Not where one is in the other (Eli, Elijah), nor where one is short for the other and nothing else: nobody calls twins so.
    """
    return not any(
        groups_of(form) & groups_of(another) and (form in another or another in form or not {form, another} <= GIVEN_AT_BIRTH)
        for form in one
        for another in other
    )


def groups_of(form: str) -> frozenset[str]:
    """The groups of a given name's form."""
    return NICKNAMES.get(form, frozenset()) | TRANSLITERATIONS.get(form, frozenset())


assert all(given_name(name) == name for name in {**NICKNAMES, **TRANSLITERATIONS})  # noqa: S101 a name in another form would never be met

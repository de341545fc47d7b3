"""Names of invented people, by where families' names come from: what is hard for machines is not rare among children."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """A naming tradition: its share of families, given names of girls and boys, surnames; `two_surnames` where children bear both."""

    share: int
    girls: tuple[str, ...]
    boys: tuple[str, ...]
    surnames: tuple[str, ...]
    language: str
    two_surnames: bool = False
    name: str = ""
    """Of the tradition, as figures by group have it: never that of a person."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ORIGINS: tuple[Origin, ...] = (
    Origin(
        38,
        _words(
            "Abigail Chloe Claire Eleanor Emma Grace Hannah Hazel Ivy Lucy Madison Nora Paige Ruby Sadie Scarlett Stella Violet Willa Zoe"
        ),
        _words("Asher Caleb Carter Cole Eli Ethan Finn Gavin Henry Hudson Jack Levi Logan Mason Noah Owen Parker Ryan Theo Wyatt"),
        _words(
            "Adler Ashby Barlow Bellamy Brandt Calloway Carver Dalton Draper Easton Fairley Garrison Hadley Holloway Keating Langley Mercer"
            " Norwood Oakes Pruitt Quimby Radcliffe Sheridan Thorne Underhill Vance Whitlock Yardley Winslow Hargrove"
        ),
        "eng",
        name="english",
    ),
    Origin(
        28,
        _words(
            "Alejandra Camila Carmen Daniela Elena Esperanza Fátima Guadalupe Inés Isabel Lucía Mariana Paloma Renata Sofía Valeria Ximena"
        ),
        _words(
            "Adrián Alonso Ángel Cristóbal Diego Emiliano Esteban Joaquín José Julián Mateo Nicolás Rafael Rodrigo Santiago Sebastián Tomás"
        ),
        _words(
            "Núñez García López Peña Ibáñez Muñoz Sáenz Velázquez Zúñiga Quiñones Ordóñez Báez Cárdenas Domínguez Escárcega Fuentes Galván"
            " Hinojosa Jáuregui Lerma Montoya Nájera Ocampo Pacheco Rentería Salcedo Tafoya Urrutia Valdivia Yáñez"
        ),
        "spa",
        two_surnames=True,
        name="spanish",
    ),
    Origin(
        14,
        _words("Amara Aaliyah Imani Jada Kiara Layla Makayla Nia Raven Sanaa Tiana Zuri Brielle Destiny Ebony Jasmine"),
        _words("Amir Darius DeShawn Elijah Isaiah Jaylen Jayden Kareem Malik Marquis Omari Terrell Tyrese Xavier Zaire Jamal"),
        _words("Baptiste Jernigan Dorsey Eubanks Gaines Hightower Lockhart McCray Nettles Okafor Pettway Rollins Stovall Tubman"),
        "eng",
        name="african-american",
    ),
    Origin(
        8,
        _words("An Bích Hương Linh Mai Ngọc Phương Thảo Mei Xiuying Yuna Seo-yeon Hana Sakura Anjali Diya Kavya Priya"),
        _words("Anh Bảo Đức Huy Khoa Minh Quân Tuấn Wei Jun Min-jun Ji-ho Haruto Arjun Dev Ishaan Rohan Vikram"),
        _words("Nguyễn Trần Phạm Đặng Bùi Võ Lê Chen Zhang Liu Kim Park Choi Sato Tanaka Patel Iyer Banerjee Krishnan Reddy"),
        "vie",
        name="asian",
    ),
    Origin(
        6,
        _words("Aoife Niamh Siobhán Zoë Chloé Maëlle Søs Åsa Jürgena Élodie Renée Anaïs"),
        _words("Seán Cillian Niall Jürgen Søren Åke Zoltán Łukasz René François Björn Øyvind"),
        (
            "O'Brien",
            "O’Connell",
            "D'Angelo",
            "McÉvilly",
            "Müller",
            "Sørensen",
            "Łukaszewski",
            "St. Clair",
            "Le Blanc",
            "Van der Berg",
            "Björk",
        ),
        "eng",
        name="marked",
    ),
    Origin(
        6,
        ("Kaʻiulani", "Leilani", "Noelani", "Aiyana", "Fatima", "Maryam", "Amina", "Zahra", "Layan", "Mary Ann", "Wren", "Sequoia"),
        ("Kekoa", "Kaleo", "Mohammed", "Muhammad", "Yusuf", "Ibrahim", "Omar", "Ahiga", "Chayton", "Tate", "Sani", "Hassan"),
        (
            "Kaʻahumanu",
            "Kealoha",
            "Al-Masri",
            "Haddad",
            "Begay",
            "Yellowhorse",
            "Two Bulls",
            "Abdullahi",
            "Warsame",
            "Tsosie",
            "Nakai",
            "Rahimi",
        ),
        "ara",
        name="indigenous-arabic",
    ),
)

ALIKE_TWINS: tuple[tuple[str, str], ...] = (
    ("Jayden", "Jaylen"),
    ("Ana", "Ada"),
    ("Mia", "Mya"),
    ("Aiden", "Jaiden"),
    ("Taylor", "Tyler"),
    ("Kayla", "Kylah"),
    ("Mateo", "Matías"),
    ("Elena", "Helena"),
    ("Marcus", "Markus"),
    ("Noelani", "Leilani"),
    ("Minh", "Linh"),
    ("Ethan", "Nathan"),
)

MIDDLE: tuple[str, ...] = _words("Ann Belle James Jo Lee Lynn Marie Ray Rose Louis Wren Blake Quinn June Kai Reid Sage Jude Faye Cruz")

STREETS: tuple[str, ...] = (
    "Lantern Way", "Quarry Bend", "Heron Loop", "Foundry Row", "Orchard Steps", "Millrace Lane", "Copper Terrace", "Sundial Street",
    "Ferrywatch Road", "Thimble Court", "Barley Rise", "Kestrel Path", "Old Ropewalk", "Slate Hollow", "Windlass Drive", "Pepperpot Close",
)  # fmt: skip
"""Streets that are in no city."""

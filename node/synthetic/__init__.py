"""Synthetic students of two states that do not exist: seeded, deterministic, with the cases that hurt. No real person is behind any."""

from node.synthetic.hard_cases import CASES
from node.synthetic.states import ALDER, BIRCH, StatePlan, SyntheticOrganisation, organisations
from node.synthetic.students import SyntheticStudent, students
from node.synthetic.twins import Twin, twin_pairs

__all__ = [
    "ALDER",
    "BIRCH",
    "CASES",
    "StatePlan",
    "SyntheticOrganisation",
    "SyntheticStudent",
    "Twin",
    "organisations",
    "students",
    "twin_pairs",
]

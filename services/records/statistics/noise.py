"""Noise by OpenDP: the discrete Laplace mechanism, with the proof of what it tells that the library computes itself.

Neighbouring are two nodes' records that differ in one student. A student is in one group of a table, and there in the count and in two
counts a measure: so the L1 sensitivity is 1 + 2 x measures. The sampler is exact (integers, no floating-point leak).
"""

from collections.abc import Sequence
from importlib import import_module
from math import exp, sqrt
from typing import Any

from safepassage.problems.statistics import StatisticsUnavailable
from safepassage.wire_statistics import StatisticsQuestion


class NoiseNotProven(RuntimeError):
    """The library does not vouch for what was asked of it: nothing is told."""


def sensitivity(question: StatisticsQuestion) -> int:
    """By how much one student changes the numbers of a table, all together."""
    return 1 + 2 * len(question.measures)


def scale_of(question: StatisticsQuestion) -> float:
    """Of the noise of each number."""
    return sensitivity(question) / question.epsilon


def deviation_of(question: StatisticsQuestion) -> float:
    """Standard deviation of discrete Laplace noise of that scale."""
    decay = exp(-1 / scale_of(question))
    return sqrt(2 * decay) / (1 - decay)


def noisy(numbers: Sequence[int], question: StatisticsQuestion) -> list[int]:
    """All numbers of a table, each with noise; some become negative. Raises StatisticsUnavailable, NoiseNotProven."""
    library = opendp()
    domain = library.vector_domain(library.atom_domain(T="i64"))
    mechanism = library.m.make_laplace(domain, library.l1_distance(T="i64"), scale=scale_of(question))
    # INVARIANT: the loss that OpenDP proves for this sensitivity is what the budget was charged, but for rounding.
    if mechanism.map(sensitivity(question)) > question.epsilon * (1 + 1e-9):
        raise NoiseNotProven
    return list(mechanism(list(numbers)))


def opendp() -> Any:
    """The library, an extra of the node. Raises StatisticsUnavailable where it is not installed."""
    try:
        library = import_module("opendp.prelude")
    except ModuleNotFoundError as error:
        raise StatisticsUnavailable from error
    library.enable_features("contrib")
    return library

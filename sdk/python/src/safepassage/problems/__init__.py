"""Errors that cross the border, as RFC 9457 problem documents: facts with a code, whether to retry, and what to do.

One registry: documents, OpenAPI and tests are made from it. A module of this package a place where the facts come up.
"""

from safepassage.problems import (
    access,
    calls,
    chains,
    envelopes,
    evidence,
    exchanges,
    exports,
    log,
    messages,
    policy_sets,
    privacy,
    proofs,
    readiness,
    records,
    requests,
    retention,
    rights,
    signatures,
    stored_log,
    trust,
    witnessing,
)
from safepassage.problems.problem import REGISTRY, Problem, Retry, SuiteError, problem_from

__all__ = [
    "REGISTRY",
    "Problem",
    "Retry",
    "SuiteError",
    "access",
    "calls",
    "chains",
    "envelopes",
    "evidence",
    "exchanges",
    "exports",
    "log",
    "messages",
    "policy_sets",
    "privacy",
    "problem_from",
    "proofs",
    "readiness",
    "records",
    "requests",
    "retention",
    "rights",
    "signatures",
    "stored_log",
    "trust",
    "witnessing",
]

"""Problems with the keys by which a service seals what it stores."""

from safepassage.problems.requests import TemporarilyUnavailable


class KeysUnavailable(TemporarilyUnavailable):
    """The holder of the node's root keys refuses or does not answer, so nothing is opened, sealed or disclosed."""

    code, status, title = "keys-unavailable", 503, "Keys are unavailable, so nothing is released"
    remedy = "Try again later with the same Idempotency-Key; if it stays so, the node's operator looks at the key provider (docs/keys.md)."
    retry = "same-key"

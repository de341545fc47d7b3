"""Problems of clients that register themselves, and of those who let them."""

from safepassage.problems.problem import SuiteError


class PublisherTaken(SuiteError):
    """Another publisher of this node has the issuer."""

    code, status, title = "publisher-taken", 409, "Issuer belongs to another publisher"
    remedy = "Look for the publisher with this issuer and change that one."


class RegistrationNotPending(SuiteError):
    """It was decided already, or the client has ended it."""

    code, status, title = "registration-not-pending", 409, "Registration is decided already"
    remedy = "Read the registration again; a client that is approved can be disabled, another one registers anew."


class RegistrationNotApproved(SuiteError):
    """The client registered itself and nobody has approved it, or it was refused, or it has ended its registration."""

    code, status, title = "registration-not-approved", 409, "Registration is not approved"
    remedy = "Approve the registration while it is pending; otherwise the client registers anew."


class InitialTokenSpent(SuiteError):
    """The initial access token was used."""

    code, status, title = "initial-token-spent", 409, "Initial access token was used"
    remedy = "Disable the client that was registered with it, if it should not be."


class KeySetNotHad(SuiteError):
    """No key set can be had at the URL, or it is not one of public keys that can be used."""

    code, status, title = "key-set-not-had", 422, "Key set cannot be had"
    remedy = "Serve a JWK Set of public keys by https at a public address: status 200, no redirect, 256 KiB at the most, within 5 seconds."

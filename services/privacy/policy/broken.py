"""The one error of the policy package: the rules themselves are at fault. A service that meets it does not start."""


class PolicySetBroken(Exception):
    """The policy set cannot be served: text and EST differ, an annotation is missing, a construct is unknown, a lint rule is broken."""

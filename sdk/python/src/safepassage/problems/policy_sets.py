"""Problems of policy sets: drafts, their reports, approvals and activations."""

from safepassage.problems.problem import SuiteError


class NoSuchPolicySet(SuiteError):
    """No policy set with this hash is held by the node."""

    code, status, title = "no-such-policy-set", 404, "No such policy set"
    remedy = "List those that are held with GET /v1/policy-sets."


class PolicySetHeldAlready(SuiteError):
    """A policy set of exactly these packs is held: a set is what it is, whoever drafts it."""

    code, status, title = "policy-set-held-already", 409, "Policy set is held already"
    remedy = "Find it with GET /v1/policy-sets; to change nothing, nothing has to be drafted."


class PoliciesUnavailable(SuiteError):
    """The policy set that decides at this instant cannot be loaded: nothing is decided until it can."""

    code, status, title = "policies-unavailable", 503, "Policies that decide cannot be loaded"
    remedy = "The node's operator restores the stored policy set, or the version of the node that it was made for; then ask again."
    retry = "after"


class PolicyTextNotParsed(SuiteError):
    """A pack's text is not Cedar, has a template, a policy without an id, or a character that is not ASCII."""

    code, status, title = "policy-text-not-parsed", 422, "Text of a policy pack was not parsed"
    remedy = "Let Cedar's own tools or `python -m services.privacy.policy.pack` say where, correct the text and draft it again."


class ParsedFormMissing(SuiteError):
    """The node has no Cedar parser, and the pack came without its parsed form."""

    code, status, title = "parsed-form-missing", 422, "Parsed form of a policy pack is missing"
    remedy = "Send Cedar's JSON form of each policy with the text, or draft on a node where cedarpy is installed."


class ParsedFormDiffers(SuiteError):
    """The parsed form that came with a text is not what Cedar's parser makes of it."""

    code, status, title = "parsed-form-differs", 422, "Parsed form is not that of the text"
    remedy = "Leave the parsed form out where the node parses texts itself."


class PolicySetEmpty(SuiteError):
    """A policy set without a pack permits nothing and says nothing."""

    code, status, title = "policy-set-empty", 422, "Policy set has no pack"
    remedy = "Name the set that it is based on, or send its packs."


class PolicySetNotUsable(SuiteError):
    """This version of the node cannot decide by the set: its checks refuse it, or it was made for another version of the engine."""

    code, status, title = "policy-set-not-usable", 409, "Policy set cannot be used by this version"
    remedy = (
        "Read `detail`. A set of another engine: draft its packs anew on this version (safepassage-node policies draft), validate, test, "
        "replay, have two officials approve and activate it; until then run the version that it was made for: docs/policy-sets.md."
    )


class PolicySetNotReady(SuiteError):
    """A step before the approval is missing or has not passed; `detail` names it."""

    code, status, title = "policy-set-not-ready", 409, "Policy set is not ready to be approved"
    remedy = "Validate and test the set, let a replay end, then approve it."


class NotAcknowledged(SuiteError):
    """The reports show something that an approver has to name; `detail` says what."""

    code, status, title = "not-acknowledged", 409, "What the reports show was not acknowledged"
    remedy = "Read the set's reports and name in `acknowledges` what is listed in `must_acknowledge`, if it is meant."


class ApproverIsAuthor(SuiteError):
    """Whoever drafted a policy set does not approve it."""

    code, status, title = "approver-is-author", 403, "The author does not approve"
    remedy = "Two other officials approve the set."


class ApprovedAlready(SuiteError):
    """This official approved this set for its next activation already."""

    code, status, title = "approved-already", 409, "Official has approved already"
    remedy = "Another official gives the second approval."


class ApprovalsMissing(SuiteError):
    """Fewer than two officials, neither the author, approved the set for this activation."""

    code, status, title = "approvals-missing", 409, "Two approvals are needed"
    remedy = "Let two officials who did not draft the set approve it; each activation needs approvals of its own."


class ActivationInThePast(SuiteError):
    """A policy set decides from now on or later; what was decided stays as it was decided."""

    code, status, title = "activation-in-the-past", 422, "Activation is in the past"
    remedy = "Leave `valid_from` out for as soon as possible, or name a later instant."


class ActivationOvertaken(SuiteError):
    """Another activation came between: the set that is named in `replaces` does not decide at that instant, or another starts just then."""

    code, status, title = "activation-overtaken", 409, "Another activation came between"
    remedy = "Read the activations and the set's difference to the one that decides, then activate again if it is still meant."


class NoSuchActivation(SuiteError):
    """No activation has this number."""

    code, status, title = "no-such-activation", 404, "No such activation"
    remedy = "List them with GET /v1/policy-activations."


class ActivationHasBegun(SuiteError):
    """An activation is called off before its start, and once."""

    code, status, title = "activation-has-begun", 409, "Activation cannot be called off any more"
    remedy = "Activate the earlier set again."


class NoSuchReplay(SuiteError):
    """The policy set has no replay with this id."""

    code, status, title = "no-such-replay", 404, "No such replay"
    remedy = "Read the policy set: it lists its replays."

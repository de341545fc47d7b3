"""Policy sets: how an agency changes its rules. Drafted, validated, tested, replayed, approved by two, activated from an instant on."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from safepassage.wire import Code, Digest, Instant, Name, Text, Wire

PackName = Annotated[str, StringConstraints(pattern=r"^us(-[a-z]{2})?\.(permits|forbids|obligations)(\.[a-z0-9-]{1,40})?$", max_length=64)]
"""`us.permits.consent`, `us-ca.forbids`: whose law, what its policies are for, and what they are about."""

Acknowledgement = Literal["deny-to-permit", "cedar-not-run", "changed-cases"]
"""What an approval has to name where the reports show it: what was denied would be permitted; the node has no parser and took the parsed
form as it was given; rows of the built-in table of cases are no longer true."""


class ActingOfficial(Wire):
    """The official for whom the client acts, as evidence of who: by an id that is the client's organisation's own, never a name."""

    pairwise_id: Code
    """Lower case: one official has one spelling."""
    role: Code
    authenticated_at: Instant

    @model_validator(mode="after")
    def _is_a_person(self) -> "ActingOfficial":
        if self.pairwise_id == "release":
            raise ValueError("an official is a person")
        return self


class PolicyPack(Wire):
    """A pack of policies: Cedar's text, and its JSON form where the node has no parser of its own."""

    name: PackName
    text: Annotated[str, StringConstraints(min_length=1, max_length=262_144)]
    parsed: dict[str, Any] | None = None
    """Cedar's JSON form (EST) of each policy, by its id."""


class NewPolicySet(Wire):
    """`POST /v1/policy-sets`: packs, on top of those of another set where one is named."""

    acting_official: ActingOfficial
    title: Name
    based_on: Digest | None = None
    """The set whose packs hold where no pack of the same name is given."""
    packs: Annotated[tuple[PolicyPack, ...], Field(max_length=64)] = ()
    without: Annotated[tuple[PackName, ...], Field(max_length=64)] = ()
    """Packs of `based_on` that are left out."""


PolicySetOrder = Literal["recorded_at", "-recorded_at", "title", "-title"]
"""Of a list: with a minus from the end."""

PolicySetOrigin = Literal["release", "draft"]
"""release: it comes with the software. draft: an official of this agency drafted it."""

Stage = Literal["draft", "validated", "tested", "replayed", "approved", "scheduled", "active", "retired"]


class PolicySetSummary(Wire):
    """A set in a list, and how far it has come."""

    policy_hash: Digest
    origin: PolicySetOrigin
    author: Code
    """`release` for the sets that come with the software."""
    title: Name
    based_on: Digest | None = None
    recorded_at: Instant
    stage: Stage


class PolicySetPage(Wire):
    """`GET /v1/policy-sets`, newest first."""

    policy_sets: tuple[PolicySetSummary, ...]
    next: str | None = None


class PolicyReportRequest(Wire):
    """`POST /v1/policy-sets/{hash}/validation`."""

    acting_official: ActingOfficial


class PolicyValidation(Wire):
    """What was found of a set: `findings` is empty where it passed."""

    id: UUID
    policy_hash: Digest
    at: Instant
    passed: bool
    cedar: Literal["validated", "not-run"]
    """Whether Cedar's own parser and validator had the texts."""
    policies: int
    reviewed: bool
    """Every policy says that it was reviewed by counsel."""
    findings: tuple[Text, ...]


class PolicyCase(Wire):
    """A row of a table of cases: a situation, what differs in it, an element, and what has to follow."""

    citation: Name
    situation: Name
    """One of the built-in situations, or of the table's own."""
    changes: Annotated[dict[str, Any], Field(max_length=64, default_factory=dict)]
    """Facts by their path; null takes a fact away."""
    element: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    permitted: bool
    policy: Code | None = None
    """What permits, or withholds, it; without one, whichever permits."""
    reason: Code | None = None
    """Of one that is withheld."""
    obligations: Annotated[tuple[Annotated[str, StringConstraints(max_length=200)], ...], Field(max_length=64)] | None = None
    """`kind:argument`, of one that is permitted; none is asked for where it is absent."""


class NewPolicyTests(Wire):
    """`POST /v1/policy-sets/{hash}/tests`: the set's own table. The built-in table has to stay true but for the rows that are named."""

    acting_official: ActingOfficial
    situations: Annotated[dict[Name, dict[str, Any]], Field(max_length=64, default_factory=dict)]
    cases: Annotated[tuple[PolicyCase, ...], Field(max_length=5_000)] = ()
    changed_cases: Annotated[tuple[Annotated[str, StringConstraints(max_length=43)], ...], Field(max_length=5_000)] = ()
    """Ids of rows of the built-in table that this set changes on purpose."""


class CaseResult(Wire):
    """A row that did not come out as it says."""

    id: str
    """A digest of citation, situation, changes and element; by it `changed_cases` names a row."""
    citation: str
    situation: str
    element: str
    expected: str
    """`permitted by <policy>`, or `<reason> by <policy>`."""
    found: str


class PolicyTests(Wire):
    """What a table of cases made of a set."""

    id: UUID
    policy_hash: Digest
    at: Instant
    passed: bool
    own_cases: int
    built_in_cases: int
    failed: tuple[CaseResult, ...]
    """The first 2,000, own ones first."""
    failed_count: int
    changed: tuple[CaseResult, ...]
    """Rows of the built-in table that were named, as they come out now."""
    named_in_vain: tuple[str, ...]
    """Ids that were named and are no row, or a row that is still true: then the tests have not passed."""


class NewPolicyReplay(Wire):
    """`POST /v1/policy-sets/{hash}/replays`: the decisions recorded from an instant until another."""

    acting_official: ActingOfficial
    from_: Annotated[Instant, Field(alias="from", serialization_alias="from")]
    until: Instant


class Shift(Wire):
    """How many answers changed: one for each element of each group of students with the same facts."""

    name: str
    permit_to_deny: int
    deny_to_permit: int


class ReplayReport(Wire):
    """Who would gain and who would lose. Of decisions ids alone, so that it tells of no student."""

    decisions: int
    students: int
    decisions_losing: int
    decisions_gaining: int
    permit_to_deny: int
    deny_to_permit: int
    unchanged: int
    other_reason: int
    """Withheld as before, by another policy or for another reason."""
    by_policy: tuple[Shift, ...]
    """The policy that permits or withholds under the new set."""
    by_element: tuple[Shift, ...]
    by_recipient_kind: tuple[Shift, ...]
    by_purpose: tuple[Shift, ...] = ()
    """None of a replay that an earlier version ran."""
    samples_losing: tuple[UUID, ...]
    samples_gaining: tuple[UUID, ...]
    not_replayed: int
    """Decisions whose input is no input of the rules: an evaluation that failed, and denied."""
    not_reproduced: int
    """Decisions that their own set no longer decides as recorded, or whose set is not held: they are compared with what was recorded."""


class PolicyReplay(Wire):
    """A replay: a job with its progress, then its report."""

    id: UUID
    policy_hash: Digest
    requested_at: Instant
    from_: Annotated[Instant, Field(alias="from", serialization_alias="from")]
    until: Instant
    state: Literal["queued", "running", "done", "failed"]
    done: int
    total: int
    finished_at: Instant | None = None
    report: ReplayReport | None = None


class NewPolicyApproval(Wire):
    """`POST /v1/policy-sets/{hash}/approvals`."""

    acting_official: ActingOfficial
    acknowledges: Annotated[tuple[Acknowledgement, ...], Field(max_length=3)] = ()


class PolicyApproval(Wire):
    """An approval of a set for its next activation."""

    id: UUID
    policy_hash: Digest
    official: Code
    role: Code
    at: Instant
    acknowledges: tuple[Acknowledgement, ...]
    validation_id: UUID | None = None
    tests_id: UUID | None = None
    replay_id: UUID | None = None
    """The reports on which it rests; none for a set that decided here before."""


class NewPolicyActivation(Wire):
    """`POST /v1/policy-sets/{hash}/activation`: also the way back to an earlier set."""

    acting_official: ActingOfficial
    replaces: Digest
    """The set that would decide at that instant without this activation: another one in between refuses it."""
    valid_from: Instant | None = None
    """Now or later, never earlier; without it as soon as every replica can know."""
    reason: Annotated[Code, Field(examples=["law-changed", "roll-back"])]


class PolicyActivation(Wire):
    """From when on a set decides."""

    number: int
    policy_hash: Digest
    title: str | None = None
    """Of the set, in the list of activations."""
    valid_from: Instant
    recorded_at: Instant
    reason: Code
    author: Code | None = None
    first_official: Code | None = None
    second_official: Code | None = None
    activated_by: Code | None = None
    called_off_at: Instant | None = None


class PolicyActivations(Wire):
    """`GET /v1/policy-activations`: the latest 200, the last one first."""

    activations: tuple[PolicyActivation, ...]


class NewCallOff(Wire):
    """`POST /v1/policy-activations/{number}/call-off`: before its start."""

    acting_official: ActingOfficial
    reason: Code


class PolicyDifference(Wire):
    """What a set has otherwise than the one that decides now, by policy ids."""

    active: Digest
    added: tuple[Code, ...]
    removed: tuple[Code, ...]
    changed: tuple[Code, ...]


class PolicySetDocument(PolicySetSummary):
    """`GET /v1/policy-sets/{hash}`: everything that an approver reads."""

    parsed_by: Literal["cedar", "drafter", "release"]
    packs: dict[PackName, str]
    """The texts by name."""
    difference: PolicyDifference
    needs: tuple[str, ...]
    """What is missing before it can be approved: `validation`, `tests`, `replay`."""
    must_acknowledge: tuple[Acknowledgement, ...]
    validation: PolicyValidation | None = None
    tests: PolicyTests | None = None
    replays: tuple[PolicyReplay, ...] = ()
    approvals: tuple[PolicyApproval, ...] = ()
    """Those that the next activation may use."""

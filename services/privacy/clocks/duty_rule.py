"""What a duty is: its term, its citation, and what of it was compared with the law's text. Pure."""

from dataclasses import KW_ONLY, dataclass
from typing import Literal

from services.privacy.clocks.terms import Term


@dataclass(frozen=True)
class DutyRule:
    """A duty and its clock."""

    kind: str
    what: str
    starts: str
    """What starts the clock."""
    _: KW_ONLY
    term: Term
    citation: str
    figure: Literal["law", "ours"]
    checked: bool
    warn_days: int
    """So many last days of the term it is `due` rather than `open`."""
    opened_by: Literal["node", "staff", "both"]
    """node: by what happens here. staff: by an agency's client, for what the node cannot see."""
    source: str = ""
    """The paragraph as the copies of the law name it; empty where its text was not found."""
    source_sha256: str = ""
    """Of the verbatim line."""
    wording: str = ""
    """The law's own phrase, where it names no number."""
    family: str = ""
    """Under which a list finds it with others; empty: by its kind alone."""
    waivable: bool = False
    """Whether it binds is for counsel to say: it ends with that word, too."""
    follows: tuple[str, ...] = ()
    """What begins when it is done."""

    @property
    def tells_of_a_child(self) -> bool:
        """Whoever knows that a child has this duty knows what the child is or lives through: it is not kept in clear."""
        return self.kind.startswith(("idea-", "mckinney-vento-", "foster-", "mic3-", "migrant-", "msix-"))

    @property
    def kept_as(self) -> str:
        """The kind as the store has it in clear."""
        if self.kind == "inspect-records-before-meeting":
            return "inspect-records"
        return "of-a-child" if self.tells_of_a_child else self.kind

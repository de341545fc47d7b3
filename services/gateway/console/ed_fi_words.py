"""How an Ed-Fi system stands, in words: what a code says, and what a person does about it. Data."""

from collections.abc import Mapping
from typing import Final

from safepassage.wire_ed_fi import EdFiFault, EdFiHow
from services.gateway.console.exchange_words import Tone
from services.gateway.console.words import word

HOWS: Final[Mapping[EdFiHow, tuple[Tone, str, str]]] = {
    "never": ("plain", "dot", word("Never tried")),
    "under-way": ("plain", "half", word("Under way now")),
    "good": ("good", "check", word("Works")),
    "failing": ("warn", "clock", word("Failed the last time")),
    "failing-long": ("danger", "cross", word("Has failed for a day or more")),
    "late": ("danger", "clock", word("The job is not run any more")),
}
"""Tone, mark and word."""
LASTING: Final[frozenset[EdFiHow]] = frozenset({"failing-long", "late"})
"""What needs a person."""

LATE: Final = word("Look at the schedule that runs the job, and at what the job last said there.")
BROKEN_OFF: Final = (
    word("The last pull was broken off, and nobody has told how."),
    word("Run the job again: what was loaded stays, and it goes on from there."),
)
FAULTS: Final[Mapping[EdFiFault, tuple[str, str]]] = {
    "no-answer": (
        word("The system does not answer."),
        word("Ask whoever runs the system whether it is up and can be reached from this node. The next pull goes on where it ended."),
    ),
    "changes-too-fast": (
        word("The system changes faster than it can be read."),
        word("Have the job run at night, or the system’s host make snapshots and the file of systems say so."),
    ),
    "credentials-refused": (
        word("The system does not take our client id and secret."),
        word("Ask whoever runs the system whether the key was replaced or has ended; put the new secret into its file."),
    ),
    "token-refused": (
        word("The system gives tokens and does not take them."),
        word("Ask whoever runs the system: its clock, or the servers that give and take tokens, do not agree."),
    ),
    "address-not-public": (
        word("The system’s address is in a network that this node may not call."),
        word("If the system is within your own network, name the network in the setting inside_networks."),
    ),
    "too-much": (
        word("The system has more than one pull takes."),
        word(
            "Look whether the address is that of this one organization’s system; if it is, give the job more memory, or let its setting "
            "load_memory_mebibytes say more."
        ),
    ),
    "not-its-api": (
        word("What answers is not the interface of an Ed-Fi system."),
        word("Look at the address in the file of systems: a moved or upgraded system answers under another one."),
    ),
    "no-students": (
        word("All of the system was read, and there was not one student."),
        word("Ask whoever runs the system what our client may read: its claim set no longer has students, or the school year has changed."),
    ),
    "all-refused": (
        word("The system refuses everything that is put into it."),
        word("Ask whoever runs the system what our client may write, and which schools, programs and school years it has."),
    ),
    "secret-unusable": (
        word("The file with the secret cannot be read, or others can read it."),
        word("Let the account that runs the job own the file, with mode 0600."),
    ),
    "node-busy": (
        word("The node could not store what came: another load was under way, or a service was away."),
        word("The next pull does it again. If it stays so, look at the state of the node’s services."),
    ),
    "internal-fault": (
        word("The node itself failed at it."),
        word("Look at what the job said, and tell who maintains this software."),
    ),
}
"""What is wrong, and what to do."""

COUNTS: Final[Mapping[str, str]] = {
    "students": word("Students"),
    "created": word("New here"),
    "changed": word("Changed"),
    "unchanged": word("As before"),
    "to-be-deleted": word("No longer there"),
    "kept-beside-the-record": word("Details kept beside the record"),
    "left-beside-with-the-source": word("Details left with the district"),
    "sections-left-with-the-source": word("Parts left with the district"),
    "removed-and-left-with-the-source": word("Removed here, left with the district"),
    "kept-while-awaited": word("Kept because somebody waits to see them"),
    "updated": word("Taken again"),
    "refused": word("Refused"),
    "not-sent": word("Not sent"),
}
PUSHED: Final[Mapping[str, str]] = {**COUNTS, "created": word("Taken")}
"""Of a push: bodies."""

KINDS: Final[Mapping[str, str]] = {
    "not-valid": word("Not valid"),
    "not-resolved": word("Leads nowhere"),
    "not-agreed": word("Two say different things"),
    "not-read": word("No place in the record"),
}
"""Of causes (`safepassage.record.load_reports`)."""

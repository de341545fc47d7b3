"""The lists of the console that are no tables, and why each is none: docs/decisions/0062 says it at length.

A template's list is known by what it goes through. One that is missing here fails (test_every_table), and so does one that is gone.
"""

from typing import Final

OF_ONE = "parts of one thing, which has its own page: all at once, in the order in which they are read"
IN_A_SENTENCE = "what is wrong or missing, in sentences, beside what it is about"
FIRST_FEW = "at most six, the newest or the next; it leads to the table of all"
OF_A_PICTURE = "what the marks of a picture mean"
OF_THE_NETWORK = "one line for each log or service that one other state keeps: as many as the network has"
FOR_EVERYBODY = "the public's page: a register that is read from one end to the other, without signing in"

LISTS: Final[dict[str, dict[str, str]]] = {
    "act.html": {"facts": OF_ONE},
    "agreement.html": {"districts": OF_ONE, "attestations": OF_ONE},
    "charts.html": {"parts": OF_A_PICTURE},
    "dead_letter.html": {"facts": OF_ONE},
    "decision.html": dict.fromkeys(("group.left", "group.stayed", "group.identifiers", "rules", "owed"), OF_ONE),
    "duty.html": {"facts": OF_ONE},
    "ed_fi_system.html": {"counts": OF_ONE, "to_do": IN_A_SENTENCE, "stored": OF_ONE},
    "entry.html": {
        **dict.fromkeys(("facts", "students", "group.left", "group.stayed", "left", "around"), OF_ONE),
        "keys + witnesses": OF_THE_NETWORK,
    },
    "exchange.html": {"steps": OF_ONE, "facts": OF_ONE},
    "exchanges.html": {"waiting": FIRST_FEW},
    "family_link_made.html": {"letter.points": OF_ONE},
    "layout.html": {"places": OF_ONE},
    "log.html": {"kept[:5]": FIRST_FEW},
    "match.html": {"doubts": IN_A_SENTENCE},
    "parts.html": {"wrong.items()": IN_A_SENTENCE, "one.failed": IN_A_SENTENCE},
    "policy_replay.html": {"links": FIRST_FEW},
    "policy_set.html": {
        **dict.fromkeys(("rows", "changes", "replays", "approvals"), OF_ONE),
        **dict.fromkeys(("set.validation.findings", "needs", "must_acknowledge"), IN_A_SENTENCE),
    },
    "public.html": dict.fromkeys(("elements", "one.districts", "register.breaches"), FOR_EVERYBODY),
    "radius.html": {"notices": OF_ONE},
    "readiness.html": {"area.answers": OF_ONE, "next_steps": FIRST_FEW},
    "simulation.html": dict.fromkeys(("answer.group.left", "answer.group.stayed", "answer.owed", "answer.rules"), OF_ONE),
    "state.html": {
        **dict.fromkeys(("cosigned", "theirs", "peer.logs", "findings"), OF_THE_NETWORK),
        "wrong": IN_A_SENTENCE,
        "statement_keys": OF_ONE,
    },
    "states.html": {"cards": OF_ONE, "holders": OF_THE_NETWORK},
    "statistic.html": {"gaps": IN_A_SENTENCE},
    "student.html": dict.fromkeys(("held_by", "links"), OF_ONE),
    "today.html": {"cards": OF_ONE, "duties": FIRST_FEW, "alerts": FIRST_FEW, "reasons": OF_A_PICTURE},
}
"""By template: what each of its lists goes through."""

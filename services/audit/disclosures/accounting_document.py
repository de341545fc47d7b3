"""The accounting of disclosures as a PDF that a parent can read: plain words, tagged for screen readers (PDF/UA-1). Pure but for the fonts.

Typeset by Typst, whose own fonts come with it, so that every machine draws the same. A name in a script which they do not have is drawn
with the machine's fonts, and the file then does not claim PDF/UA-1, which asks that every character can be shown.
"""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from safepassage.wire_log import AccountedEntry, DisclosureAccounting
from services.audit.disclosures import plain_words

_TEMPLATE: Final = Path(__file__).with_name("accounting.typ")


def accounting_document(accounting: DisclosureAccounting, names: Mapping[str, str], *, drawn_at: datetime) -> bytes:
    """The PDF. Takes a twentieth of a second, and 4 ms for each entry.

    names  what organisations of this node are called, by id; one that is not there is shown by its id
    """
    import typst  # noqa: PLC0415 34 MB that nothing else of a node needs

    said = words(accounting, names, drawn_at=drawn_at)
    template = _TEMPLATE.read_bytes()
    own = typst.Fonts(include_system_fonts=False)
    try:
        inputs = {"said": json.dumps(said | {"any_script": False})}
        return bytes(typst.compile(template, font_paths=own, sys_inputs=inputs, pdf_standards="ua-1"))
    except typst.TypstError:
        inputs = {"said": json.dumps(said | {"any_script": True})}
        return bytes(typst.compile(template, font_paths=typst.Fonts(), sys_inputs=inputs))


def words(accounting: DisclosureAccounting, names: Mapping[str, str], *, drawn_at: datetime) -> dict[str, Any]:
    """Everything that the document says."""
    on = _long(drawn_at.astimezone(UTC).date())
    return {
        "title": "Who asked for and received this student's data",
        "introduction": [
            f"Student {accounting.student_id}. Drawn on {on}; all dates are in UTC.",
            "This is the record that 34 CFR 99.32 asks the school authorities to keep. A parent, or the student once 18 years old or in"
            " college, may inspect it. It lists each request for the student's data and each time that it was given to somebody, the"
            " newest first. What a court has ordered to be kept secret is not in it.",
            "If you think that something here should not have happened, tell the district or the state agency. You may also complain to"
            " the Student Privacy Policy Office of the U.S. Department of Education.",
        ],
        "summary_title": "In short",
        "summary": _summary(accounting),
        "entries_title": "One by one",
        "nothing": "There is no request and no disclosure on record.",
        "entries": [_entry(entry, names) for entry in accounting.entries],
        "footer": f"Accounting of disclosures, drawn on {on}",
    }


def _summary(accounting: DisclosureAccounting) -> list[str]:
    phases = Counter(entry.phase for entry in accounting.entries if entry.operation != "exchange-notice")
    refused = sum(entry.phase == "request" and entry.outcome == "deny" for entry in accounting.entries)
    parties = {entry.party.organisation for entry in accounting.entries if entry.phase == "disclosure"}
    lines = [
        f"Given to somebody: {_count(phases['disclosure'], 'time')}, to {_count(len(parties), 'organisation')}.",
        f"Requests received: {phases['request']}, {refused} of them refused.",
    ]
    if phases["emergency"]:
        lines.append(f"Emergencies put on record: {phases['emergency']}.")
    return lines


def _entry(entry: AccountedEntry, names: Mapping[str, str]) -> dict[str, Any]:
    party = plain_words.party_name(entry.party, names)
    further = [plain_words.party_name(one.party, names) for one in entry.further_parties]
    on_behalf_of = "" if entry.on_behalf_of is None else names.get(str(entry.on_behalf_of), str(entry.on_behalf_of))
    facts = (
        ("Date", f"{_long(entry.on)}, {entry.at.astimezone(UTC):%H:%M}"),
        ("Data", plain_words.data(entry)),
        ("For", plain_words.purpose(entry)),
        ("Why it was allowed" if entry.outcome != "deny" else "On what ground it was asked for", plain_words.reason(entry)),
        ("The threat", entry.threat or ""),
        ("On behalf of", on_behalf_of),
        ("May be used further by", "; ".join(one for one in further if one != party)),
        ("Not required on this record", entry.exempt_by or ""),
        ("Proof", f"entry {entry.index} of the log {entry.log}"),
    )
    return {
        "heading": f"{_long(entry.on)}. {plain_words.heading(entry, party)}",
        "facts": [[name, text] for name, text in facts if text],
    }


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _long(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"

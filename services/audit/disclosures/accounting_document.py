"""The accounting of disclosures as a PDF that a parent can read: plain English or Spanish, tagged for screen readers (PDF/UA-1).

Pure but for the fonts.
Typeset by Typst, whose own fonts come with it, so that every machine draws the same. A name in a script which they do not have is drawn
with the machine's fonts, and the file then does not claim PDF/UA-1, which asks that every character can be shown.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from typing import Any, Final, Literal

from safepassage.wire_log import AccountedEntry, DisclosureAccounting
from services.audit.disclosures import plain_words
from services.audit.disclosures.plain_words import Translate

Language = Literal["en", "es"]

LOCALE: Final = Path(__file__).with_name("locale")
_TEMPLATE: Final = Path(__file__).with_name("accounting.typ")


def accounting_document(
    accounting: DisclosureAccounting, names: Mapping[str, str], *, drawn_at: datetime, language: Language = "en"
) -> bytes:
    """The PDF. Takes a twentieth of a second, and 4 ms for each entry.

    names  what organisations of this node are called, by id, and agencies of other nodes, by entity id; who is not there is shown by that
    """
    import typst  # noqa: PLC0415 34 MB that nothing else of a node needs

    said = words(accounting, names, drawn_at=drawn_at, language=language)
    template = _TEMPLATE.read_bytes()
    own = typst.Fonts(include_system_fonts=False)
    try:
        inputs = {"said": json.dumps(said | {"any_script": False})}
        return bytes(typst.compile(template, font_paths=own, sys_inputs=inputs, pdf_standards="ua-1"))
    except typst.TypstError:
        inputs = {"said": json.dumps(said | {"any_script": True})}
        return bytes(typst.compile(template, font_paths=typst.Fonts(), sys_inputs=inputs))


def words(accounting: DisclosureAccounting, names: Mapping[str, str], *, drawn_at: datetime, language: Language = "en") -> dict[str, Any]:
    """Everything that the document says."""
    _, on = translations(language).gettext, _long(drawn_at.astimezone(UTC).date(), language)
    further = [one.name or plain_words.party_name(one, names, _) for one in accounting.may_disclose_further]
    return {
        "language": language,
        "title": _("Who asked for and received this student's data"),
        "introduction": [
            _("Student %(student)s. Drawn on %(day)s; all dates are in UTC.") % {"student": accounting.student_id, "day": on},
            _(
                "This is the record that 34 CFR 99.32 asks the school authorities to keep. A parent, or the student once 18 years old or in"
                " college, may inspect it. It lists each request for the student's data and each time that it was given to somebody, the"
                " newest first. What a court has ordered to be kept secret is not in it."
            ),
            *_authorities(further, _),
            _(
                "If you think that something here should not have happened, tell the district or the state agency. You may also complain to"
                " the Student Privacy Policy Office of the U.S. Department of Education."
            ),
        ],
        "summary_title": _("In short"),
        "summary": _summary(accounting, _),
        "entries_title": _("One by one"),
        "nothing": _("There is no request and no disclosure on record."),
        "entries": [_entry(entry, names, language) for entry in accounting.entries],
        "footer": _("Accounting of disclosures, drawn on %(day)s") % {"day": on},
    }


def _authorities(further: Sequence[str], _: Translate) -> list[str]:
    """Who may pass it on: a paragraph, or none."""
    if not further:
        return []
    said = _(
        "The law lets an authority that holds some of the data pass it on for the school authorities, without asking you again"
        " (34 CFR 99.33(b)). These may: %(authorities)s."
    )
    return [said % {"authorities": "; ".join(further)}]


def _summary(accounting: DisclosureAccounting, _: Translate) -> list[str]:
    phases = Counter(entry.phase for entry in accounting.entries if not plain_words.is_notice_of_ours(entry))
    refused = sum(entry.phase == "request" and entry.outcome == "deny" for entry in accounting.entries)
    given, parties = phases["disclosure"], {entry.party.organisation for entry in accounting.entries if entry.phase == "disclosure"}
    times = _("1 time") if given == 1 else _("%(n)s times") % {"n": given}
    to = _("1 organization") if len(parties) == 1 else _("%(n)s organizations") % {"n": len(parties)}
    lines = [
        _("Given to somebody: %(times)s, to %(organisations)s.") % {"times": times, "organisations": to},
        _("Requests received: %(n)s, %(refused)s of them refused.") % {"n": phases["request"], "refused": refused},
    ]
    if phases["onward"]:
        lines.append(_("Passed on by another agency: %(n)s.") % {"n": phases["onward"]})
    if phases["emergency"]:
        lines.append(_("Emergencies put on record: %(n)s.") % {"n": phases["emergency"]})
    return lines


def _entry(entry: AccountedEntry, names: Mapping[str, str], language: Language) -> dict[str, Any]:
    _, day = translations(language).gettext, _long(entry.on, language)
    party = plain_words.party_name(entry.party, names, _)
    further = [plain_words.party_name(one.party, names, _) for one in entry.further_parties]
    passed_on_by = "" if entry.passed_on_by is None else plain_words.party_name(entry.passed_on_by, names, _)
    on_behalf_of = "" if entry.on_behalf_of is None else names.get(str(entry.on_behalf_of), str(entry.on_behalf_of))
    facts = (
        (_("Date"), f"{day}, {entry.at.astimezone(UTC):%H:%M}"),
        (_("Data"), plain_words.data(entry, _)),
        (_("For"), plain_words.purpose(entry, _)),
        (_("Why it was allowed") if entry.outcome != "deny" else _("On what ground it was asked for"), plain_words.reason(entry, _)),
        (_("The threat"), entry.threat or ""),
        (_("Passed on by"), passed_on_by),
        (_("On behalf of"), on_behalf_of),
        (_("May be used further by"), "; ".join(one for one in further if one != party)),
        (_("Not required on this record"), entry.exempt_by or ""),
        (_("Proof"), _("entry %(index)s of the log %(log)s") % {"index": entry.index, "log": entry.log}),
    )
    return {
        "heading": f"{day}. {plain_words.heading(entry, party, _)}",
        "facts": [[name, text] for name, text in facts if text],
    }


def _long(day: date, language: Language) -> str:
    from babel.dates import format_date  # noqa: PLC0415 no start waits for it

    return format_date(day, {"en": "MMMM d, y", "es": "d 'de' MMMM 'de' y"}[language], locale=language)


@cache
def translations(language: Language) -> NullTranslations:
    """The catalogue of a language; English is what the messages are."""
    if language == "en":
        return NullTranslations()
    from shared.catalogues import compiled  # noqa: PLC0415 no start waits for it

    return compiled(language, [LOCALE / language / "accounting.po"])

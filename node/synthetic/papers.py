"""What families and districts signed, as privacy takes it: opt-outs, consents, agreements, and pages that a vendor reads under one.

A line names a student by the id that the source gave and a district by its NCES id: the node's own ids exist only once it has them, and
`node.synthetic.bringing` puts them in. What is expected of each line stands in the truth, apart.
"""

import csv
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, Literal, TextIO

from node.synthetic.details.things import Draws
from node.synthetic.population import SyntheticRecord
from node.synthetic.rates import Rates
from node.synthetic.states import StatePlan, organisations
from safepassage.canonical import digest_of

Kind = Literal["opt-outs", "consents", "agreements", "disclosures"]
KINDS: Final[tuple[Kind, ...]] = ("agreements", "opt-outs", "consents", "disclosures")
"""In the order in which they are brought in, a file each."""
COLUMNS: Final = ("key", "kind", "variant", "expected", "holds")
ID_SYSTEMS: Final = {"own": None, "oneroster": "oneroster:userMasterIdentifier", "ed-fi": "ed-fi:StudentUniqueId"}
"""What the node calls the state's id after it has read a format; None: the state's code."""
SHARES: Final = {"directory_opt_out": 0.04, "recruiter_opt_out": 0.06, "consent": 0.05}
"""Of those who are in school (recruiters: aged 16 and over); `Rates.details` may say another share by these names."""

CONSENTS: Final[dict[str, tuple[str, bool]]] = {
    "valid": ("recorded", True),
    "expired": ("recorded", False),
    "withdrawn": ("withdrawn", False),
    "wrong-signer": ("rights-not-held", False),
    "missing-purpose": ("invalid-request", False),
}
"""What the node answers, and whether a disclosure may rest on it two hours later."""
AGREEMENTS: Final[dict[str, tuple[str, bool]]] = {
    "valid": ("recorded", True),
    "expired": ("recorded", False),
    "no-destruction": ("clause-missing", False),
}
OF_CASES: Final = {
    "double-surname": "valid", "apostrophe": "expired", "diacritics": "withdrawn", "iep": "wrong-signer", "ssn": "missing-purpose",
}  # fmt: skip
"""The kind of consent of a hard case, so that each is there whatever the seed."""
USUAL: Final = ("valid",) * 12 + ("expired",) * 3 + ("withdrawn",) * 3 + ("wrong-signer", "missing-purpose")
CONSENTED: Final = ("enrollment.enrollments", "academics.transcript", "assessments.results")
SCHEDULE: Final = ("identity.preferred_name", "enrollment.enrollments", "assessments.results", "academics.current_courses")
PURPOSES: Final = ("instruction",)
A_PAGE: Final = 25
EXPIRES_AFTER_SECONDS: Final = 3600
"""A node records no consent that has expired: it expires so long after it was brought in."""
CLAUSES: Final = {
    "institutional_service": "section 1",
    "direct_control": "section 4",
    "redisclosure_limits": "section 5",
    "legitimate_interest": "annual notice, page 2",
    "destruction": "section 9",
}


class Papers:
    """New files of a state beside its students, written as students are added. Of a line only its own record's id and the seed decide."""

    def __init__(self, folder: Path, truth: Path, state: StatePlan, *, as_of: date, seed: int, rates: Rates, system: str | None) -> None:
        """system: of the state's ids, as ID_SYSTEMS has it. Raises FileExistsError."""
        self._state, self._as_of, self._seed, self._rates = state, as_of, seed, rates
        self._system = system or state.code
        self._files: dict[Kind, TextIO] = {kind: (folder / f"{kind}.ndjson").open("x", encoding="utf-8") for kind in KINDS}
        self._truth_file = truth.open("x", newline="", encoding="utf-8")
        self._truth = csv.writer(self._truth_file)
        self._truth.writerow(COLUMNS)
        self._pages: dict[str, list[tuple[str, bool]]] = {}
        """By district: the agreements under which the vendor reads a page, if somebody is in school there."""
        self._enrolled: set[str] = set()
        for one in organisations(state):
            if one.nces_id is not None and one.kind == "lea":
                self._of_district(one.nces_id)

    def add(self, one: SyntheticRecord) -> None:
        """What is on paper of a student, if there is anything: of those who are in school."""
        stay = one.document["enrollment"]["enrollments"][0]
        if "exit_date" in stay:
            return
        self._enrolled.add(stay["district"]["nces_id"])
        age = _age(date.fromisoformat(one.document["identity"]["birth_date"]["birth_date"]), self._as_of)
        case = one.truth.case
        if case == "meal-status" or self._falls(one, "directory_opt_out"):
            self._opt_out(one, age, "directory-opt-out")
        if case == "turned-18" or (age >= 16 and self._falls(one, "recruiter_opt_out")):
            self._opt_out(one, age, "recruiter-opt-out", recruiters=self._draws(one, "recruiters").one_of(("military", "both")))
        if case in OF_CASES:
            self._consent(one, age, OF_CASES[case])
        elif self._falls(one, "consent"):
            self._consent(one, age, self._draws(one, "consent kind").one_of(USUAL))

    def close(self) -> None:
        """No more is added: it is known now where a page has somebody."""
        for nces_id, agreements in self._pages.items():
            for variant, holds in agreements if nces_id in self._enrolled else ():
                agreement = f"{nces_id}-{variant}"
                page = {"agreement": agreement, "elements": SCHEDULE, "limit": A_PAGE}
                expected = "read" if holds else "refused"
                self._write("disclosures", variant, expected, holds=holds, key=f"{agreement}-page", **page)
        for file in (*self._files.values(), self._truth_file):
            file.close()

    def _draws(self, one: SyntheticRecord, what: str) -> Draws:
        return Draws(f"{self._seed}/papers/{one.source_id}/{what}")

    def _falls(self, one: SyntheticRecord, what: str) -> bool:
        return self._draws(one, what).falls(self._rates.details.get(what, SHARES[what]))

    def _opt_out(self, one: SyntheticRecord, age: int, kind: str, **more: str) -> None:
        key = f"{one.source_id}-{kind}"
        body = {"kind": kind, "document": _digest(key), "received_at": f"{self._as_of}T00:00:00.000Z", **more}
        self._write("opt-outs", kind, "recorded", holds=True, key=key, **self._of(one, age), body=body)

    def _consent(self, one: SyntheticRecord, age: int, variant: str) -> None:
        key = f"{one.source_id}-consent"
        body: dict[str, Any] = {
            "signed_on": self._day(-1),
            "signature": "paper",
            "document": _digest(key),
            "elements": CONSENTED,
            "purposes": PURPOSES,
        }
        if variant == "missing-purpose":
            del body["purposes"]
        more: dict[str, Any] = {}
        if variant == "wrong-signer":
            more["signer"] = "stranger"
        if variant == "expired":
            more["expires_after_seconds"] = EXPIRES_AFTER_SECONDS
        if variant == "withdrawn":
            more["withdrawn_for"] = "asked"
        expected, holds = CONSENTS[variant]
        self._write("consents", variant, expected, holds=holds, key=key, **self._of(one, age) | more, body=body)

    def _of_district(self, nces_id: str) -> None:
        """An agreement that holds, one that has ended, the draft of one that says nothing of destruction; of the first two a page each."""
        for variant, (expected, holds) in AGREEMENTS.items():
            key = f"{nces_id}-{variant}"
            began = -20 if variant != "expired" else -395
            about = {
                "document": _digest(key),
                "signed_on": self._day(began - 10),
                "starts_on": self._day(began),
                "ends_on": self._day(began + 365),
                "elements": SCHEDULE,
                "purposes": PURPOSES,
            }
            body = {"kind": "contractor", **about, **CLAUSES}
            if variant == "no-destruction":
                # Of a contractor FERPA asks for none; of a study it does, 34 CFR 99.31(a)(6)(iii)(C)(4).
                clauses = {"purpose_and_scope": "section 1", "use_limit": "section 2", "no_identification": "section 3"}
                body = {"kind": "study", "aim": "improve-instruction", **about, **clauses}
            self._write("agreements", variant, expected, holds=holds, key=key, district=nces_id, body=body)
            if expected == "recorded":
                self._pages.setdefault(nces_id, []).append((variant, holds))

    def _of(self, one: SyntheticRecord, age: int) -> dict[str, Any]:
        number = one.document["identity"]["identifiers"][0]["value"]
        return {"student": {"kind": "state", "system": self._system, "value": number}, "signer": "student" if age >= 18 else "parent"}

    def _day(self, days: int) -> str:
        return (self._as_of + timedelta(days=days)).isoformat()

    def _write(self, kind: Kind, variant: str, expected: str, *, holds: bool, key: str, **line: Any) -> None:
        self._files[kind].write(json.dumps({"key": key, **line}, ensure_ascii=False, separators=(",", ":")) + "\n")
        self._truth.writerow((key, kind, variant, expected, "yes" if holds else "no"))


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _digest(key: str) -> str:
    return digest_of(f"the signed paper {key}".encode())

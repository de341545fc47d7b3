"""A family says yes to somebody: who may have which information, for what and until when, shown whole before it counts (34 CFR 99.30).

The button on the page that shows it is the signature: the link's identity check authenticates its source, the box that is checked
indicates approval (99.30(d)), and what was shown is what the digest of the consent is of.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from safepassage.problems import SuiteError
from safepassage.wire_directory import DisclosureRefusal
from safepassage.wire_policy import NewConsent
from safepassage.wire_rights import RightsFile
from services.gateway.console.acts import Act, ActForm
from services.gateway.console.element_words import ELEMENT_WORDS, SECTION_WORDS
from services.gateway.console.organisation_names import choosable
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.console.words import word
from services.gateway.family.acts import NOT_NOW, YES, said
from services.gateway.family.consent_choices import PATH as CHOICES
from services.gateway.family.frame import FamilyFrame, FamilyRoute, Framed
from services.gateway.family.requests import reference_of, today_of
from services.gateway.family.rights_file import TheirFile
from services.gateway.family.visited import FamilyNode
from services.gateway.people.pages import form_of, page_responses

router = APIRouter(tags=["families"], route_class=FamilyRoute)

PATH: Final = "/family/choices/new-consent"
RECIPIENTS: Final = ("vendor", "agency", "sea")
"""Whom a family finds by name; to anybody else it says yes on paper, with the agency's help."""
WEAK: Final = "ial1"
"""Of whom nobody has seen a document nothing is signed here: 99.30(d)(1)."""
USES: Final = (
    "instruction",
    "assessment",
    "student-services",
    "enrollment",
    "financial-aid",
    "study",
    "research",
    "recruiting",
    "transition-services",
    "private-school-services",
    "child-nutrition",
)
"""Purposes about which a family decides. For the others the law decides, and no yes or no of a family changes it."""
TIMES: Final[Mapping[str, tuple[str, int]]] = {
    "month": (word("For one month"), 30),
    "half-year": (word("For half a year"), 182),
    "year": (word("For one year"), 365),
}
"""For how many days."""
ELEMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    section: tuple(element for element in ELEMENT_WORDS if element.partition(".")[0] == section) for section in SECTION_WORDS
}
"""What a record of a student has, by section."""
FORM: Final = {"token": "Of the page", "act": "Key of the form", "who": "Id of the list", "use": "Code", "time": "Of the list"}

CHOOSE_WHO: Final = word("Choose who may have it.")
CHOOSE_USE: Final = word("Choose what they may use it for.")
CHOOSE_DATA: Final = word("Choose which information they may have.")
CHOOSE_TIME: Final = word("Choose for how long.")
NOT_YOURS: Final = word("You cannot say yes to this use here. The law says who gets the record for it.")
CHECK_THE_BOX: Final = word("Check the box if you say yes.")


@dataclass(frozen=True)
class Wish:
    """What somebody wants to say yes to."""

    recipient_id: str
    who: str
    elements: tuple[str, ...]
    purpose: str
    signed_on: date
    last_day: date

    @property
    def digest(self) -> str:
        """Of all that the page shows of it."""
        return said(
            consent="34 CFR 99.30",
            recipient_id=self.recipient_id,
            who=self.who,
            elements=" ".join(self.elements),
            purpose=self.purpose,
            signed_on=self.signed_on.isoformat(),
            last_day=self.last_day.isoformat(),
        )


class WishWrong(Exception):
    """What was chosen is not whole, or is not a family's to decide. `faults`: English messages, to be translated."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@router.get(PATH, response_model=None, responses=page_responses(200))
async def ask_family_consent(frame: Framed, _: TheirFile) -> Response:
    """The form in which a family chooses."""
    return await _asked(frame, {}, ())


@router.post(PATH, response_model=None, status_code=303, responses=page_responses(200, 303, 409), openapi_extra=form_of(FORM))
async def give_family_consent(form: Act, frame: Framed, node: FamilyNode, file: TheirFile) -> Response:
    """Show what was chosen, whole; and where it was shown and the box is checked, put it on record, once.

    INVARIANT: nothing is consented to that was not on the page before, in the same words, for the same party and on the same day.
    """
    if not may_sign(frame):
        return await _asked(frame, {}, (), status=403)
    if form.text("change"):
        return await _asked(frame, form.fields, ())
    try:
        wish = wish_of(form, await choosable(frame.request, RECIPIENTS, today_of(frame)), today_of(frame))
    except WishWrong as wrong:
        return await _asked(frame, form.fields, wrong.faults)
    if form.text("shown") != wish.digest:
        return _shown(frame, form, wish, file, "")
    if form.text("sure") != YES:
        return _shown(frame, form, wish, file, CHECK_THE_BOX)
    try:
        await node.act("privacy", "POST", "/v1/consents", key=form.key, body=_consent(wish, frame))
    except SuiteError as error:
        if error.status not in (409, 422):
            raise
        return _shown(frame, form, wish, file, NOT_NOW)
    return RedirectResponse(f"{CHOICES}?done=yes", 303)


def may_sign(frame: FamilyFrame) -> bool:
    """Whether the link's check is strong enough for a signature."""
    return frame.member.acting_for.assurance_level != WEAK


def wish_of(form: ActForm, parties: Sequence[tuple[str, str]], today: date) -> Wish:
    """Pure. `parties`: id and name of whom a family may choose. Raises WishWrong."""
    who, use, time = (form.text(name) for name in ("who", "use", "time"))
    elements = tuple(element for within in ELEMENTS.values() for element in within if form.text(f"data.{element}") == YES)
    faults = [] if who in dict(parties) else [CHOOSE_WHO]
    if use not in USES:
        faults.append(NOT_YOURS if use in PURPOSE_WORDS else CHOOSE_USE)
    faults += [] if elements else [CHOOSE_DATA]
    faults += [] if time in TIMES else [CHOOSE_TIME]
    if faults:
        raise WishWrong(faults)
    return Wish(who, dict(parties)[who], elements, use, today, today + timedelta(days=TIMES[time][1]))


def _consent(wish: Wish, frame: FamilyFrame) -> NewConsent:
    member = frame.member
    after = wish.last_day + timedelta(days=1)
    return NewConsent(
        student_id=member.student_id,
        acting_for=member.acting_for,
        signed_on=wish.signed_on,
        signature="electronic",
        document=wish.digest,
        elements=wish.elements,
        purposes=(wish.purpose,),
        recipient_id=wish.recipient_id,
        expires_at=datetime(after.year, after.month, after.day, tzinfo=ZoneInfo(member.time_zone)),
        electronic_approval=reference_of(frame),
    )


async def _asked(frame: FamilyFrame, kept: Mapping[str, str], faults: Sequence[str], *, status: int = 200) -> Response:
    _: Callable[[str], str] = frame.translate
    return frame.page(
        "new_consent.html",
        status=422 if faults else status,
        action=PATH,
        back=CHOICES,
        may_sign=may_sign(frame),
        parties=await choosable(frame.request, RECIPIENTS, today_of(frame)),
        uses=[(code, _(PURPOSE_WORDS[code])) for code in USES],
        sections=[(_(SECTION_WORDS[section]), [(one, _(ELEMENT_WORDS[one])) for one in inside]) for section, inside in ELEMENTS.items()],
        times=[(code, _(text)) for code, (text, _days) in TIMES.items()],
        kept=kept,
        faults=[_(fault) for fault in faults],
    )


def _shown(frame: FamilyFrame, form: ActForm, wish: Wish, file: RightsFile, fault: str) -> Response:
    """The page that shows it whole. What is kept is the form alone, in the page."""
    _: Callable[[str], str] = frame.translate
    mine = frame.member.acting_for.person_id
    standing = [one.of for one in file.preferences if one.rescinded_at is None and isinstance(one.of, DisclosureRefusal)]
    return frame.page(
        "new_consent_shown.html",
        status=422 if fault else 200,
        action=PATH,
        wish=wish,
        data=[_(ELEMENT_WORDS[one]) for one in wish.elements],
        use=_(PURPOSE_WORDS[wish.purpose]),
        as_whom=_("You, the student") if frame.member.role == "student" else _("You, as a parent"),
        signed_on=frame.viewing.day(wish.signed_on),
        last_day=frame.viewing.day(wish.last_day),
        refused_by_another=any(one.acting_for.person_id != mine for one in standing),
        hidden=[
            ("who", wish.recipient_id),
            ("use", wish.purpose),
            ("time", form.text("time")),
            *((f"data.{one}", YES) for one in wish.elements),
        ],
        fault=_(fault) if fault else "",
    )

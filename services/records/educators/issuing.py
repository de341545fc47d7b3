"""`/v1/educator-credentials`: an agency gives an educator a micro-credential, and keeps it for when it is asked about."""

from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid5

from anyio import to_thread
from fastapi import APIRouter, Request

from safepassage.credentials.achievements import (
    Achievement,
    AchievementCredential,
    AchievementSubject,
    Criteria,
    IdentityObject,
    Profile,
)
from safepassage.credentials.status_list import StatusEntry
from safepassage.credentials.vc_jwt import written
from safepassage.ids import uuid7
from safepassage.problems.credentials import NoCredentialKey
from safepassage.problems.requests import InvalidRequest
from safepassage.wire_credentials import IssuedCredential
from safepassage.wire_educators import NewMicroCredential
from services.records.credentials.issuer import Issuer, profile_of_agency
from services.records.credentials.places import take_place
from services.records.educators.kept import KeptContent, about, keep
from services.records.exchange.exchange import Exchange
from services.records.formats.clr import alignments, case_identifiers
from shared.actors import client_actor
from shared.caller import Caller, caller_with
from shared.clock import Now
from shared.contracts.audit import Context, Event
from shared.problems import responses

router = APIRouter(prefix="/v1/educator-credentials", tags=["educators"])

Staff = Annotated[Caller, caller_with("educators:credentials")]


@router.post("", status_code=201, responses=responses(NoCredentialKey, InvalidRequest))
async def issue_educator_credential(new: NewMicroCredential, caller: Staff, request: Request, now: Now) -> IssuedCredential:
    """An Open Badge 3.0 for an educator, who carries it. It is no education record (34 CFR 99.3): no student is in it."""
    exchange: Exchange = request.app.state.exchange
    issuer = Issuer.of(exchange)
    agency = await exchange.read(lambda connection: profile_of_agency(connection, issuer))
    now = now.replace(microsecond=0)
    if new.valid_until is not None and new.valid_until.replace(microsecond=0) <= now:
        raise InvalidRequest("it would have expired already", field="valid_until")
    id_ = uuid7(now)
    async with exchange.database.transaction() as tx:
        await issuer.keep_key(tx, now)
        place = await take_place(tx, id_, kind="educator", student_id=None, organisation_id=caller.organisation_id, now=now)
    status = StatusEntry(issuer.list_url(place.list_number), place.index)
    credential = _badge(new, id_, agency, status, now).document()
    signed = await to_thread.run_sync(lambda: issuer.secured(credential, form=new.form, now=now))
    text = signed if isinstance(signed, str) else written(signed).decode()
    content = KeptContent(educator=new.educator, credential=text)
    event = Event(
        class_="load",
        key=f"{id_}:educator-credential",
        **about(exchange.vault, caller.organisation_id, new.educator),
        actor=client_actor(caller.claims),
        context=Context(operation="educator-credential-issued", outcome=new.form, about=f"credential:{id_}"),
    )
    async with exchange.database.transaction() as tx:
        await keep(
            tx,
            exchange.vault,
            content,
            id_=id_,
            organisation_id=caller.organisation_id,
            node=exchange.entity_id,
            credential_id=id_.urn,
            now=now,
        )
        exchange.outbox.record(tx, event)
    return IssuedCredential(
        id=id_,
        issued_at=now,
        form=new.form,
        document=signed if isinstance(signed, dict) else None,
        jwt=signed if isinstance(signed, str) else None,
        status_list=status.url,
    )


def _badge(new: NewMicroCredential, id_: UUID, agency: Profile, status: StatusEntry, now: datetime) -> AchievementCredential:
    achievement = Achievement(
        id=uuid5(id_, "achievement").urn,
        achievement_type=new.kind,
        name=new.name,
        description=new.description,
        criteria=Criteria(narrative=new.criteria),
        human_code=new.code,
        other_identifier=tuple(case_identifiers(new.competencies)) or None,
        alignment=tuple(alignments(new.competencies)) or None,
        creator=agency,
    )
    return AchievementCredential(
        id=id_.urn,
        name=new.name,
        issuer=agency,
        valid_from=now,
        valid_until=None if new.valid_until is None else new.valid_until.replace(microsecond=0),
        status=status,
        credential_subject=AchievementSubject(
            id=uuid5(id_, "educator").urn,
            identifier=(IdentityObject(identity_hash=new.educator.name, identity_type="name"),),
            achievement=achievement,
        ),
    )

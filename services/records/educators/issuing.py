"""`/v1/educator-credentials`: an agency gives an educator a micro-credential, and keeps it for when it is asked about."""

import json
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID, uuid5

from anyio import to_thread
from fastapi import APIRouter, Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

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
from safepassage.problems.requests import IdempotencyKeyMissing, IdempotencyKeyReused, InvalidRequest, NotFound, RequestUnderWay
from safepassage.wire_credentials import IssuedCredential
from safepassage.wire_educators import NewMicroCredential
from services.records.credentials.issuer import Issuer, profile_of_agency
from services.records.credentials.places import take_place
from services.records.educators.kept import KeptContent, about, keep, kept_as
from services.records.exchange.exchange import Exchange
from services.records.formats.clr import alignments, case_identifiers
from services.records.tables import IssuedCredentialRow
from shared.actors import client_actor
from shared.caller import Caller, caller_with
from shared.contracts.audit import Context, Event
from shared.idempotency import Once
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/educator-credentials", tags=["educators"])

Staff = Annotated[Caller, caller_with("educators:credentials")]


OPERATION: Final = "issue_educator_credential"


@router.post(
    "",
    status_code=201,
    responses=responses(NoCredentialKey, InvalidRequest, IdempotencyKeyMissing, IdempotencyKeyReused, NotFound, RequestUnderWay),
)
async def issue_educator_credential(
    new: NewMicroCredential, caller: Staff, request: Request, now: Now, once: Annotated[Once, Depends()]
) -> IssuedCredential:
    """An Open Badge 3.0 for an educator, who carries it. It is no education record (34 CFR 99.3): no student is in it."""
    exchange: Exchange = request.app.state.exchange
    issuer = Issuer.of(exchange)
    agency = await exchange.read(lambda connection: profile_of_agency(connection, issuer))
    now = now.replace(microsecond=0)
    async with exchange.database.transaction() as tx:
        id_ = await once.earlier(tx, caller, OPERATION)
        if id_ is None:
            if new.valid_until is not None and new.valid_until.replace(microsecond=0) <= now:
                raise InvalidRequest("it would have expired already", field="valid_until")
            id_ = uuid7(now)
            await _issue(tx, exchange, issuer, agency, new, id_, caller, now)
            await once.keep(tx, caller, OPERATION, id_, now)
        return await _issued(tx, exchange, issuer, id_)


async def _issue(
    tx: AsyncSession, exchange: Exchange, issuer: Issuer, agency: Profile, new: NewMicroCredential, id_: UUID, caller: Caller, now: datetime
) -> None:
    """Sign it and keep it. One signature is made inside the transaction: a place that was taken for it is not lost where it fails."""
    await issuer.keep_key(tx, now)
    place = await take_place(tx, id_, kind="educator", student_id=None, organisation_id=caller.organisation_id, now=now)
    credential = _badge(new, id_, agency, StatusEntry(issuer.list_url(place.list_number), place.index), now).document()
    signed = await to_thread.run_sync(lambda: issuer.secured(credential, form=new.form, now=now))
    text = signed if isinstance(signed, str) else written(signed).decode()
    await keep(
        tx,
        exchange.vault,
        KeptContent(educator=new.educator, credential=text),
        id_=id_,
        organisation_id=caller.organisation_id,
        node=exchange.entity_id,
        credential_id=id_.urn,
        now=now,
    )
    event = Event(
        class_="load",
        key=f"{id_}:educator-credential",
        **about(exchange.vault, caller.organisation_id, new.educator),
        actor=client_actor(caller.claims),
        context=Context(operation="educator-credential-issued", outcome=new.form, about=f"credential:{id_}"),
    )
    exchange.outbox.record(tx, event)


async def _issued(tx: AsyncSession, exchange: Exchange, issuer: Issuer, id_: UUID) -> IssuedCredential:
    """As it is kept. Raises NotFound where it was destroyed since."""
    place = await tx.get_one(IssuedCredentialRow, id_)
    found = await (await tx.connection()).run_sync(lambda connection: kept_as(connection, exchange.vault, id_))
    if found is None:
        raise NotFound
    text = found[1].credential
    document = json.loads(text) if text.startswith("{") else None
    return IssuedCredential(
        id=id_,
        issued_at=place.issued_at,
        form="jwt" if document is None else "data-integrity",
        document=document,
        jwt=text if document is None else None,
        status_list=issuer.list_url(place.list_number),
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

"""A trust list that was brought, passed on inside the node: gateway and audit find it in the file, where that can be written, or have it
from here. Gateway asks, which no service calls; audit is told. Neither believes records: each verifies the list by itself.
"""

import logging
from typing import Annotated

from fastapi import APIRouter, Query, Request

from safepassage.problems import SuiteError
from services.records.exchange.exchange import Exchange
from shared.caller import sibling
from shared.contracts.trust_lists import PATH, NextTrustList, PassedTrustList, TrustListHeld
from shared.internal_token import Principal

log = logging.getLogger(__name__)

router = APIRouter(tags=["internal"])

JOB = "trust-list"


@router.get(PATH)
async def read_next_list(
    request: Request, _: Annotated[Principal, sibling("gateway")], after: Annotated[int, Query(ge=0, lt=2**53)]
) -> NextTrustList:
    """The trust list that was taken after the one of a serial."""
    exchange: Exchange = request.app.state.exchange
    following = await exchange.trust.following(after, 1)
    return NextTrustList(document=following[0].decode() if following else None)


async def pass_on(exchange: Exchange) -> None:
    """Tell audit of the list held, once; where it has missed some, of those in between first. What fails is tried again the next time."""
    verified = exchange.trust.verified
    if verified is None or exchange.list_passed_on >= verified.content.serial:
        return
    try:
        there = await _told(exchange, verified.document)
        while there is not None and there < verified.content.serial:
            following = await exchange.trust.following(there, 1)
            now_there = await _told(exchange, following[0]) if following else there
            if now_there == there:
                log.warning("trust list not taken by audit")
                return
            there = now_there
    except SuiteError as error:
        log.info("trust list not passed on yet", extra={"code": error.code})
    else:
        exchange.list_passed_on = verified.content.serial


async def _told(exchange: Exchange, document: bytes) -> int | None:
    """The serial of what audit holds afterwards; None where it holds no list, whose first one its operator pins."""
    passed = PassedTrustList(document=document.decode())
    held = await exchange.siblings.call("audit", "POST", PATH, answer=TrustListHeld, by=JOB, body=passed)
    return held.serial

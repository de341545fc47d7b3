"""A trust list that records was brought by another node, where no file shows it to audit: verified here as one from the file is."""

import logging
from typing import Annotated

from fastapi import APIRouter, Request

from safepassage.problems import SuiteError
from shared.caller import sibling
from shared.contracts.trust_lists import PATH, PassedTrustList, TrustListHeld
from shared.internal_token import Principal
from shared.trust import Trust

log = logging.getLogger(__name__)

router = APIRouter(tags=["internal"])


@router.post(PATH)
async def take_passed_list(passed: PassedTrustList, request: Request, _: Annotated[Principal, sibling("records")]) -> TrustListHeld:
    """Take the list where it follows the one held; say which one is held then."""
    trust: Trust = request.app.state.trust
    try:
        await trust.passed_on(passed.document.encode())
    except SuiteError as error:
        log.info("trust list of records not taken", extra={"code": error.code})
    return TrustListHeld(serial=None if trust.held is None else trust.held.serial)

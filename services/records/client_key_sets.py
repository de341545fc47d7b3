"""Clients' key sets by URL, for the gateway: it registers clients and has no way out (shared.who_may_call); records has one."""

from typing import Annotated, Final

from fastapi import APIRouter, FastAPI, Query, Request

from safepassage.problems.registrations import KeySetNotHad
from services.records.settings import RecordsSettings
from shared.caller import sibling
from shared.certificates import client_context
from shared.contracts.client_keys import PATH, FetchedKeySet
from shared.internal_token import Principal
from shared.outbound.calls import Documents, NotGot, Reachable
from shared.outbound.urls import UrlRefused, public_url
from shared.problems import responses

router = APIRouter(tags=["internal"])

ACCEPT: Final = "application/jwk-set+json, application/json"


def open_client_key_sets(app: FastAPI) -> None:
    """Put `client_key_sets` on `app.state`."""
    settings: RecordsSettings = app.state.settings
    app.state.client_key_sets = Documents(Reachable.of(settings), client_context(settings.client_keys_authorities_file))


@router.get(PATH, responses=responses(KeySetNotHad))
async def fetch_client_key_set(
    request: Request, _: Annotated[Principal, sibling("gateway")], url: Annotated[str, Query(max_length=500)]
) -> FetchedKeySet:
    """The document at a client's URL, as it came: by https, from a public address or one that the settings name."""
    documents: Documents = request.app.state.client_key_sets
    try:
        content = await documents.get(str(public_url(url)), accept=ACCEPT)
        return FetchedKeySet(document=content.decode("utf-8"))
    except (NotGot, UrlRefused, UnicodeDecodeError) as error:
        raise KeySetNotHad from error

"""Who reads the scorecard and who attests: clients of the state agency that runs the node, and nobody else."""

from typing import Annotated, Any

from fastapi import Depends, Request

from safepassage.problems.requests import NotPermitted
from shared.caller import Caller, caller_with


def _of_the_agency(*scopes: str) -> Any:
    async def official(request: Request, caller: Annotated[Caller, caller_with(*scopes)]) -> Caller:
        if caller.kind != "sea" or caller.organisation_id != request.app.state.settings.node_organisation_id:
            raise NotPermitted("the scorecard is the state agency's own")
        return caller

    return Depends(official)


Reader = Annotated[Caller, _of_the_agency("readiness:read", "readiness:attest")]
Attester = Annotated[Caller, _of_the_agency("readiness:attest")]

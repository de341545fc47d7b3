"""The present instant of a request, as an operation asks for it. Apart from the clock, which commands read that serve nothing."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request


async def _now(request: Request) -> datetime:
    instant: datetime = request.app.state.clock()
    return instant


Now = Annotated[datetime, Depends(_now)]

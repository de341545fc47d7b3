"""The outermost layer of a service: a fault of ours becomes a 500 that tells nothing but the request id."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.problems import render, unexpected
from shared.telemetry import note_problem, request_id_of


class Faults:
    """Answers for what nobody else answered for, and does not raise it on: a server would print its text, which may hold a value."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as error:
            problem = unexpected(error, request_id_of(scope))
            if started:
                raise ConnectionAbortedError from None
            note_problem(scope, problem.code)
            await render(problem, request_id_of(scope), path=scope["path"])(scope, receive, send)

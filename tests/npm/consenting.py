"""A person's browser at oidc-provider's own pages, and the wrong things that it may bring there, as the node's page is brought them.

What stands for what: its form names no request, which one it answers is in a cookie (`_interaction`): that stands for the form's token. Its
button to agree sends `prompt=consent`, and to refuse is a link.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from tests.gateway.house import ISSUER
from tests.gateway.negatives.whole import numbered
from tests.gateway.oauth.codes import test_consent_negatives as consent
from tests.npm.elsewhere import ACCEPTED, CALLBACK, Elsewhere

DETAILS = '[{"type":"student_data_access","purpose":"audit-evaluation"}]'
"""It asks again for those each time; for scopes that were agreed to it does not."""
ASKED, ANSWERED = "_interaction", "_resume"


@dataclass(frozen=True)
class Seen:
    """Where a browser was led."""

    url: str
    status: int
    error: str | None
    """What was said in JSON."""

    @property
    def verdict(self) -> str:
        """Whether the person is asked, or the application has a code; or the error."""
        if self.url.startswith(CALLBACK):
            answer = dict(parse_qsl(urlsplit(self.url).query))
            return ACCEPTED if "code" in answer else answer["error"]
        return ACCEPTED if self.status == 200 else str(self.error)


@dataclass
class Visitor:
    """A browser there."""

    other: Elsewhere
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, target: str) -> Seen:
        """Go to a page, and wherever it leads."""
        return await self._go("GET", target, {}, b"")

    async def post(self, target: str, form: Mapping[str, str] | list[tuple[str, str]], *fields: tuple[str, str]) -> Seen:
        """Send a form, with these header fields, and go wherever that leads."""
        return await self._go("POST", target, dict(fields) or dict(consent.HERE), urlencode(form).encode())

    async def sign_in(self, who: str, query: str) -> None:
        """As somebody, at the page that a request leads to."""
        page = await self.get(f"/oauth/authorize?{query}")
        page = await self.post(page.url, {"prompt": "login", "login": who, "password": "any"})
        assert page.verdict == ACCEPTED, page

    async def _go(self, method: str, target: str, fields: Mapping[str, str], body: bytes) -> Seen:
        issuer = self.other.machine.issuer
        url, headers = urljoin(issuer, target), {name: value.replace(ISSUER, issuer) for name, value in fields.items()}
        while True:
            cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            async with self.other.session.request(
                method, url, data=body, headers={**headers, "cookie": cookie}, allow_redirects=False
            ) as answer:
                for name, morsel in answer.cookies.items():
                    self.cookies[name] = morsel.value
                document = await answer.json() if answer.content_type == "application/json" else {}
                location = answer.headers.get("location")
            if location is None or location.startswith(CALLBACK):
                return Seen(location or url, answer.status, document.get("error"))
            method, url, headers, body = "GET", urljoin(url, location), {}, b""


@dataclass
class Consenting:
    """A person who is signed in there, a stranger who is too, and an application that asks."""

    other: Elsewhere
    person: Visitor
    stranger: Visitor

    @classmethod
    async def begun(cls, other: Elsewhere) -> "Consenting":
        """Both sign in."""
        scene = cls(other, Visitor(other), Visitor(other))
        await scene.person.sign_in("ada", urlencode(await scene.named()))
        await scene.stranger.sign_in("eve", urlencode(await scene.named()))
        return scene

    async def named(self) -> dict[str, str]:
        """What the browser takes there for a new request."""
        status, said = await self.other.send(self.other.pushed({"authorization_details": DETAILS}).sent())
        assert status == 201, said
        return {"client_id": self.other.application.client_id, "request_uri": str(said["request_uri"])}

    async def verdicts(self) -> dict[str, str]:
        """What it says of each row, by the row's name among those of all tables."""
        said = [
            [await self._asked(change) for change in consent.QUERIES.values()],
            [await self._foreign(*row) for row in consent.FOREIGN.values()],
            [await self._answered(change) for change, _ in consent.ANSWERS.values()],
            [await self._stale(*row) for row in consent.STALE.values()],
        ]
        return dict(zip(numbered(*consent.TABLES), (one for table in said for one in table), strict=True))

    async def right(self) -> str:
        """What it says where nothing is wrong."""
        page = await self._page(await self.named())
        return (await self.person.post(page.url, {"prompt": "consent"})).verdict

    async def _page(self, named: Mapping[str, str]) -> Seen:
        page = await self.person.get(f"/oauth/authorize?{urlencode(named)}")
        assert (page.verdict, "/interaction/" in page.url) == (ACCEPTED, True), page
        return page

    async def _asked(self, change: consent.Change) -> str:
        query = change(await self.named(), self.other.another.client_id)
        return (await self.person.get(f"/oauth/authorize?{query}")).verdict

    async def _foreign(self, fields: list[tuple[str, str]], whose: str | None) -> str:
        page = await self._page(await self.named())
        if whose == "stranger":
            await self.stranger.get(f"/oauth/authorize?{urlencode(await self.named())}")
            self._bring({name: value for name, value in self.stranger.cookies.items() if name.startswith(ASKED)})
        elif whose != "own":
            self._bring({} if whose is None else dict.fromkeys((ASKED, f"{ASKED}.sig"), ""))
        return (await self.person.post(page.url, {"prompt": "consent"}, *fields)).verdict

    def _bring(self, token: Mapping[str, str]) -> None:
        self.person.cookies = {name: value for name, value in self.person.cookies.items() if not name.startswith(ASKED)} | dict(token)

    async def _answered(self, change: consent.Change) -> str:
        named = await self.named()
        page = await self._page(named)
        pairs = parse_qsl(change(named | {"answer": "approve"}, self.other.another.client_id), keep_blank_values=True)
        form = [("prompt", "consent" if value == "approve" else value) if name == "answer" else (name, value) for name, value in pairs]
        return (await self.person.post(page.url, form)).verdict

    async def _stale(self, which: str, before: str) -> str:
        named, who = await self.named(), self.person
        page = await self._page(named)
        held = dict(who.cookies)
        if before == "approve":
            await who.post(page.url, {"prompt": "consent"})
        elif before == "refuse":
            await who.get(f"{page.url}/abort")
        elif before == "later":
            await self.other.later(300)
        else:
            who = Visitor(self.other)
        if before in ("approve", "refuse") and which == "form":
            who.cookies |= {name: value for name, value in held.items() if name.startswith((ASKED, ANSWERED))}
        seen = await (who.get(f"/oauth/authorize?{urlencode(named)}") if which == "page" else who.post(page.url, {"prompt": "consent"}))
        await self.other.later(0)
        return seen.verdict

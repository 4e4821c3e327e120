"""Every page that a person reaches: follow the links of each page, and send each form empty."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.db import transaction
from django.test import Client
from django.urls import Resolver404, resolve
from typing_extensions import override

#: How many pages of one kind are opened for one person, unless `MORE` has another number.
MOST = 1
MORE = {"admin:orders_order_change": 4, "case-page": 4, "follow-up-page": 3, "notice": 4, "client-sheet": 2}
#: How many addresses with a query are opened for one page.
MOST_ASKED = 4
#: Parts of an address that choose another kind of page and not another row of the same kind.
KINDS = ("name", "kind", "document", "language", "form", "channel", "app_label", "year", "quarter")
#: Their parts choose what one page shows.
ALIKE = {
    "report-list",
    "admin:notifications_messagetemplate_message",
    "admin:notifications_messagetemplate_write",
    "admin:orders_documentwording_write",
    "guide",
    "guide-es",
}
#: Leads off the site, ends the session, or is a feed that a program reads.
LEFT_OUT = {"leave", "sign-out", "admin:logout", "calendar-feed", "admin:jsi18n"}


@dataclass
class Form:
    """A form of a page: its place among those that are sent by POST, and what the page itself fills in."""

    action: str
    place: int
    hidden: dict[str, str] = field(default_factory=dict)
    asks: bool = False


@dataclass
class Page:
    """A page as one person gets it."""

    name: str
    address: str
    source: str
    #: The forms of the page that come back with errors if they are sent empty, and how they then look.
    wrong: list[tuple[Form, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    """The links and forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._open: Form | None = None

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a link, a form or a field."""
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag == "form" and given.get("method", "get").lower() == "post":
            self._open = Form(given.get("action", ""), len(self.forms))
            self.forms.append(self._open)
        if self._open and tag in ("input", "select", "textarea") and given.get("name"):
            kind = given.get("type", "text").lower()
            if kind == "hidden":
                self._open.hidden[given["name"]] = given.get("value", "")
            elif kind not in ("submit", "button", "image"):
                self._open.asks = True

    @override
    def handle_endtag(self, tag: str) -> None:
        """End a form."""
        if tag == "form":
            self._open = None


def kind_of(address: str) -> tuple[str, str]:
    """Return the name of the URL, and a key that pages of the same kind share. Raises `Resolver404`."""
    parts = urlsplit(address)
    match = resolve(parts.path)
    of_kind = () if match.view_name in ALIKE else KINDS
    chosen = [str(match.kwargs[name]) for name in of_kind if name in match.kwargs]
    asked = sorted({name.split("__")[0] for name, _ in parse_qsl(parts.query)} - {"next", "p", "o"})
    return match.view_name, " ".join([match.view_name, *chosen, *(f"?{name}" for name in asked)])


def is_page(source: str) -> bool:
    """True for a whole page in HTML."""
    return source.lstrip()[:9].lower() == "<!doctype"


class Crawl:
    """The walk of one person, in any number of parts."""

    def __init__(self, client: Client, starts: list[str], within: str = "/") -> None:
        self.client = client
        self.within = within
        self.names: set[str] = set()
        self.starts = starts
        self._linked: dict[str, str] = {}
        self._waiting = deque(starts)
        self._seen: set[str] = set()
        self._counts: Counter[str] = Counter()
        self._sent: set[str] = set()
        #: Links of the pages that lead to no page.
        self.dead: list[tuple[str, str]] = []

    def pages(self) -> Iterator[Page]:
        """Yield each page once, and no more than `MOST` of a kind."""
        while self._waiting:
            address = self._waiting.popleft()
            if address in self._seen:
                continue
            self._seen.add(address)
            try:
                name, kind = kind_of(address)
            except Resolver404:
                name = kind = "missing page"
                if address not in self.starts:
                    self.dead.append((address, f"no page, from {self._linked.get(address, '')}"))
            asks = f"{name} ?" if "?" in kind else kind
            is_enough = self._counts[kind] >= MORE.get(kind, MOST) or self._counts[asks] >= MOST_ASKED
            if is_enough or (name in LEFT_OUT and address not in self.starts):
                continue
            if page := self._open(address, name):
                self._counts[kind] += 1
                self._counts[asks] += asks != kind
                page.name = kind if self._counts[kind] == 1 else f"{kind} ({self._counts[kind]})"
                yield page

    def _open(self, address: str, name: str) -> Page | None:
        response = self.client.get(address)
        self.names.add(name)
        if response.status_code in (301, 302, 303):
            self._follow(address, response.headers["Location"])
            return None
        if response.streaming or not response.headers.get("Content-Type", "").startswith("text/html"):
            return None
        source = response.content.decode()
        if response.status_code in (403, 404, 410) and address not in self.starts:
            self.dead.append((address, f"{response.status_code} from {self._linked.get(address, '')}"))
        if not is_page(source) or response.status_code == 405:
            return None
        reader = _Reader()
        reader.feed(source)
        for link in reader.links:
            self._follow(address, link)
        page = Page(name, address, source)
        page.wrong = list(self._sent_empty(address, reader.forms))
        return page

    def _follow(self, address: str, link: str) -> None:
        if re.match(r"[a-z]+:(?!//testserver/)", link) or link.startswith("//"):
            return
        parts = urlsplit(urljoin(f"http://testserver{address}", link))
        to = parts.path + (f"?{parts.query}" if parts.query else "")
        if to.startswith(self.within):
            self._linked.setdefault(to, address)
            self._waiting.append(to)

    def _sent_empty(self, address: str, forms: list[Form]) -> Iterator[tuple[Form, str]]:
        """Send each form that asks for something, take back what that changed, and yield what was refused."""
        for form in forms:
            action = urlsplit(urljoin(f"http://testserver{address}", form.action))
            to = action.path + (f"?{action.query}" if action.query else "")
            name, kind = kind_of(to)
            if not form.asks or name in LEFT_OUT or kind in self._sent:
                continue
            with transaction.atomic():
                response = self.client.post(to, form.hidden)
                transaction.set_rollback(True)
            self.names.add(name)
            if response.status_code < 300 or response.status_code in (400, 409, 422):
                source = "" if response.streaming else response.content.decode()
                if is_page(source):
                    self._sent.add(kind)
                    yield form, source

"""What an alert is news of, and who wants a message about it: the one decision, for FIRE and the outbox.

A protected person chooses the kinds of news at the safe contact. An advocate chooses for each client which
kinds wait on the page, without a message. What is overdue, a return and a correction always go out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Template

from notifications.models import News

_FILE = Path(__file__).parents[2] / "data" / "news.toml"

#: The kinds that a protected person chooses among.
FOR_PERSON = tuple(one for one in News if one is not News.PURCHASE)


@cache
def kinds_by_rule() -> Mapping[str, News]:
    """The kind of news of each rule that alerts advocates or protected persons."""
    read = tomllib.loads(_FILE.read_text(encoding="utf-8"))["kind"]
    return {rule: News(one["id"]) for one in read for rule in one["rules"]}


@cache
def optional_kinds() -> tuple[News, ...]:
    """The kinds that an advocate may leave to the page."""
    read = tomllib.loads(_FILE.read_text(encoding="utf-8"))["kind"]
    return tuple(News(one["id"]) for one in read if one["optional"])


def parameters() -> dict[str, list[str]]:
    """The constants of the texts below, by the name of their placeholder."""
    kinds = kinds_by_rule()
    return {
        "news_rules": list(kinds),
        "news_kinds": [one.value for one in kinds.values()],
        "optional_news": [one.value for one in optional_kinds()],
    }


_KIND = Template("(%(news_kinds)s::text[])[array_position(%(news_rules)s::text[], $rule::text)]")

# Without a kind the news is for everyone.
_WANTED = Template("COALESCE($kind <> ALL (s.unwanted), true)")

# `c` is the choice of one advocate for one client; without a row everything goes out.
_CHOICE = Template("""
SELECT $kind = ANY (c.on_page) AS waits_on_page, c.by_email_only
FROM notifications_clientchoice c
WHERE c.release_id = $release AND c.user_id = $user AND $kind = ANY (%(optional_news)s::text[])
""")


def wanted_sql(rule: str) -> str:
    """Whether the safe contact `s` wants news of the rule; SQL expressions only."""
    return _WANTED.substitute(kind=_KIND.substitute(rule=rule))


def choice_sql(rule: str, *, release: str, user: str) -> str:
    """The advocate's choice for the client, for news that is optional: `waits_on_page`, `by_email_only`."""
    return _CHOICE.substitute(kind=_KIND.substitute(rule=rule), release=release, user=user)

"""Where a person may be led after an act: to a page of this site alone."""

from __future__ import annotations

from django.utils.http import url_has_allowed_host_and_scheme


def own_page(asked: str) -> str:
    """Return what was asked for if it is the path of a page here, such as `/board/`; else an empty text.

    Django's `redirect` takes a word without a slash for the name of a view, and fails without one.
    """
    is_path = asked.startswith("/") and asked.isprintable()
    return asked if is_path and url_has_allowed_host_and_scheme(asked, allowed_hosts=None) else ""

"""Take the ids in addresses in capitals, too: the case of a UUID's letters has no meaning (RFC 9562)."""

from __future__ import annotations

from django.urls.converters import UUIDConverter

_HEX = "[0-9A-Fa-f]"


def take_capitals() -> None:
    """Let `<uuid:…>` match capitals in every path.

    Django's own converter has only small letters. Changing it in place covers paths of other packages, keeps
    the schema's `format: uuid`, and needs no second name that a new path could forget. `reverse` still
    writes small letters.
    """
    UUIDConverter.regex = f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"

"""Codes to scan, as SVG."""

from __future__ import annotations

from io import BytesIO

import segno


def qr_code(text: str) -> str:
    """Return the QR code of a text as SVG."""
    out = BytesIO()
    segno.make(text, error="m").save(out, kind="svg", xmldecl=False, border=2, scale=4)
    return out.getvalue().decode()

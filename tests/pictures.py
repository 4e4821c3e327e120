"""Make the pictures of the README from a running demonstration: `python -m tests.pictures ADDRESS PASSWORD`.

`make up` prints both. Each picture is at most 150 kB, with 64 colors.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
MOST_BYTES = 150 * 1024
COLORS = 64


def open_case(page: Page) -> None:
    """Open the first order of the list that is overdue."""
    row = page.locator("main tbody tr", has_text="Overdue").first
    row.locator("a").first.click()
    page.wait_for_load_state("networkidle")


def stay(_page: Page) -> None:
    """Keep the first page after sign-in."""


#: Name of the picture: account, what to open, and the size of the window.
PICTURES: dict[str, tuple[str, str, Callable[[Page], None], tuple[int, int]]] = {
    "today": ("clerk@court.example", "/", stay, (1280, 900)),
    "order": ("clerk@court.example", "/admin/orders/order/", open_case, (1280, 900)),
    "board": ("liaison@hartford-police.example", "/", stay, (1280, 800)),
    "advocate": ("advocate@advocacy.example", "/", stay, (760, 900)),
}


def sign_in(page: Page, address: str, account: str, password: str) -> None:
    """Sign in with an account of the demonstration."""
    page.goto(f"{address}/sign-in/")
    page.fill("[name=username]", account)
    page.fill("[name=password]", password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="I have read this and accept it").click()
    page.wait_for_load_state("networkidle")


def take(browser: Browser, address: str, password: str, name: str) -> bytes:
    """Return the picture as PNG."""
    account, path, prepare, (width, height) = PICTURES[name]
    with browser.new_context(viewport={"width": width, "height": height}, locale="en-US") as context:
        context.set_default_timeout(120_000)
        page = context.new_page()
        sign_in(page, address, account, password)
        page.goto(address + path)
        prepare(page)
        return compressed(page.screenshot())


def compressed(png: bytes) -> bytes:
    """Return a PNG with few colors. Raises ValueError if it is still too large."""
    with Image.open(BytesIO(png)) as image:
        small = image.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
    out = BytesIO()
    small.save(out, "PNG", optimize=True)
    if out.tell() > MOST_BYTES:
        raise ValueError(f"The picture has {out.tell():,} bytes. Make its window smaller.")
    return out.getvalue()


def main(address: str, password: str) -> None:
    """Write every picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or "", args=["--no-sandbox"]
        )
        for name in PICTURES:
            file = FOLDER / f"{name}.png"
            file.write_bytes(take(browser, address.rstrip("/"), password, name))
            sys.stdout.write(f"{file.name}: {file.stat().st_size:,} bytes\n")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])

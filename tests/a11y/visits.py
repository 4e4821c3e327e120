"""A browser that opens pages in narrow and wide windows, by day and by night, and runs the programs there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.test import Client
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.a11y import tools
from tests.a11y.tools import Finding

WIDTHS = (1280, 375)
#: Seconds for the answer to a form.
PATIENCE = 120
#: Also two times and four times as large as in a window of 1,280 pixels.
NARROWER = (1280, 640, 375, 320)
#: The only rules that colors change.
COLORS = ("color-contrast", "link-in-text-block")

_EMPTY = """
const form = [...document.forms].filter(one => one.method === "post")[arguments[0]];
for (const one of form.elements) {
  if (!one.name || one.type === "hidden" || one.type === "submit") continue;
  if (one.type === "checkbox" || one.type === "radio") one.checked = false;
  else if (one.tagName === "SELECT") one.selectedIndex = -1;
  else one.value = "";
}
HTMLFormElement.prototype.submit.call(form);
"""
_UNFOLD = "for (const one of document.querySelectorAll('details')) one.open = true;"
#: Places where the ring of the focus is missing or cut off by a box around it.
_RINGS = """
const found = [];
for (const one of document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")) {
  if (one.disabled || !one.checkVisibility({visibilityProperty: true})) continue;
  one.focus({preventScroll: true, focusVisible: true});
  if (document.activeElement !== one) continue;
  const style = getComputedStyle(one), box = one.getBoundingClientRect();
  if (!/solid|auto/.test(style.outlineStyle) && !style.boxShadow.includes("px")) {
    found.push(["no ring", one]);
    continue;
  }
  const ring = Math.max(0, parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset));
  for (let up = one.parentElement; up && up !== document.body && box.width > 1; up = up.parentElement) {
    const cuts = getComputedStyle(up);
    if (cuts.position === "fixed") break;
    if (cuts.overflowX === "visible" || cuts.display === "inline") continue;
    const around = up.getBoundingClientRect();
    const left = box.left - around.left - up.clientLeft + up.scrollLeft;
    const top = box.top - around.top - up.clientTop + up.scrollTop;
    if (left < ring - 0.5 || top < ring - 0.5 || left + box.width > up.scrollWidth - ring + 0.5
        || top + box.height > up.scrollHeight - ring + 0.5) { found.push(["cut off", one, up]); break; }
  }
}
document.activeElement.blur();
const name = one => one.tagName.toLowerCase() + (one.id ? "#" + one.id : "") + "." + one.className;
return found.map(([what, one, up]) => [what, up ? name(up) : "", one.outerHTML.slice(0, 200)]);
"""
#: A person must push the page sideways to read it.
_WIDER = """
const root = document.documentElement;
// One pixel is what rounding leaves.
if (root.scrollWidth <= root.clientWidth + 1) return "";
const ends = one => one.getBoundingClientRect().right + scrollX;
// What a box lets the reader push inside it makes no page wider.
const inside = one => one && one !== root
  && (getComputedStyle(one).overflowX !== "visible" || inside(one.parentElement));
const out = [...document.body.querySelectorAll("*")].filter(
  one => ends(one) > root.clientWidth + 1 && !inside(one.parentElement));
const last = out.sort((one, other) => ends(other) - ends(one))[0];
return last ? last.outerHTML.slice(0, 300) : "something";
"""


@dataclass
class Visitor:
    """A browser on the site."""

    driver: webdriver.Chrome
    address: str
    #: How many times a program looked at a page.
    checks: int = 0

    def close(self) -> None:
        """Sign out and make the window as large as any."""
        self.driver.delete_all_cookies()
        for command in ("Emulation.clearDeviceMetricsOverride", "Emulation.setEmulatedMedia"):
            self.driver.execute_cdp_cmd(command, {})

    def sign_in(self, client: Client) -> None:
        """Take over the session of a test client."""
        self.driver.get(f"{self.address}/healthz")
        self.driver.delete_all_cookies()
        if morsel := client.cookies.get(settings.SESSION_COOKIE_NAME):
            self.driver.add_cookie({"name": morsel.key, "value": morsel.value, "path": "/"})

    def open(self, path: str) -> None:
        """Open a page."""
        self.size(WIDTHS[0])
        self.driver.get(f"{self.address}{path}")

    def send_empty(self, place: int) -> None:
        """Empty a form of the page, send it past the browser's own checks, and wait for the answer."""
        before = self.driver.find_element(By.TAG_NAME, "html")
        self.driver.execute_script(_EMPTY, place)
        WebDriverWait(self.driver, PATIENCE).until(lambda _: self._is_gone(before))

    def _is_gone(self, page: WebElement) -> bool:
        ready = self.driver.execute_script("return document.readyState") == "complete"
        return bool(ready) and self.driver.find_element(By.TAG_NAME, "html") != page

    def size(self, width: int, height: int = 800) -> None:
        """Make the window that wide."""
        given = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", given)

    def media(self, **features: str) -> None:
        """Set preferences of the machine, for example `prefers_color_scheme="dark"`."""
        # Colors that fade are measured as they end.
        still = {"prefers_reduced_motion": "reduce", **features}
        given = [{"name": name.replace("_", "-"), "value": value} for name, value in still.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": given})

    def check(self, page: str, *, widths: tuple[int, ...] = WIDTHS, whole: bool = True) -> list[Finding]:
        """Run the programs on the open page, with its folded parts open; axe alone unless `whole`."""
        self.driver.execute_script(_UNFOLD)
        found = list(self._wider(page))
        for width in widths:
            self.size(width)
            self.media(prefers_color_scheme="light")
            here = f"{page} | {width}"
            found += tools.axe(self.driver, here)
            self.checks += 3 if whole else 2
            for rule, place, source in self.driver.execute_script(_RINGS):
                found.append(Finding("focus", rule, here, place, source))
            if whole:
                found += tools.equal_access(self.driver, here)
            self.media(prefers_color_scheme="dark")
            found += tools.axe(self.driver, f"{here} dark", *COLORS)
        return found

    def _wider(self, page: str) -> Iterator[Finding]:
        """Yield a finding for each width at which the page must be pushed sideways."""
        for width in NARROWER:
            self.size(width)
            if widest := self.driver.execute_script(_WIDER):
                yield Finding("width", f"the page is wider than {width} pixels", page, "", widest)

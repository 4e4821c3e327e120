"""The pages without sign-in that keep nothing about their readers.

The web server's logger reads this before Django is set up, so this module imports nothing.
"""

from __future__ import annotations

#: How their addresses begin. The web server writes no line about them either.
OPEN_PAGES = ("/help/", "/guides/", "/statistics/")

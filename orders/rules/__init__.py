"""The law as dated data, and the plain Python that turns facts into deadlines.

Nothing here knows Django, the database or the clock: facts go in, a plan comes out.
"""

from __future__ import annotations

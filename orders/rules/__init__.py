"""The law as dated data, and plain Python that computes deadlines from an order's facts.

Nothing here uses Django, the database or the clock.
"""

from __future__ import annotations

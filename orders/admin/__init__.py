"""The desk of a court: its orders, deadlines and follow-ups, its decisions, the days on which it is closed.

Everything shown goes through `visible_to`; everything done goes through a service.
"""

from __future__ import annotations

from orders.admin import closings, court_rules, orders, work

__all__ = ["closings", "court_rules", "orders", "work"]

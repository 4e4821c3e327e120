"""The desk of a court: its orders, their deadlines, follow-ups and the days on which it is closed.

Everything shown goes through `visible_to`; everything done goes through a service.
"""

from __future__ import annotations

from orders.admin import closings, orders, work

__all__ = ["closings", "orders", "work"]

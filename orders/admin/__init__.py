"""The court's part of the admin site: orders, deadlines, follow-ups, court rule settings and court closings.

Every list is filtered by `visible_to`; every change goes through a service.
"""

from __future__ import annotations

from orders.admin import closings, court_rules, holds, orders, reviews, wordings, work

__all__ = ["closings", "court_rules", "holds", "orders", "reviews", "wordings", "work"]

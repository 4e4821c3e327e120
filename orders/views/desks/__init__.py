"""The desks of marshals, prosecutors and the licensing unit: what waits for each, on one page."""

from __future__ import annotations

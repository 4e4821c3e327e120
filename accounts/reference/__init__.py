"""Towns, agencies and judicial districts of Connecticut as dated, sourced TOML, and their one reader."""

from __future__ import annotations

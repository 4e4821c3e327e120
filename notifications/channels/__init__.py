"""Ways to reach a person, each a module behind one protocol."""

from __future__ import annotations

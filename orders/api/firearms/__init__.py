"""Firearms, permits, proof of surrender, and returns."""

"""Formats in which other systems take orders and the surrender of firearms."""

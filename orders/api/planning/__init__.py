"""Deadlines, and the rules from which they follow."""

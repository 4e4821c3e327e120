"""Follow-ups of unmet deadlines, and what is done about them."""

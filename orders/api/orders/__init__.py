"""Orders and their cases, what courts do to them, and their history."""

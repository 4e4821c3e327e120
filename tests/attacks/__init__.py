"""What people with bad intent tried, and what stops each of it."""

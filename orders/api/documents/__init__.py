"""Documents as PDF, and files of orders."""

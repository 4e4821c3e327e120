"""Reports on orders."""

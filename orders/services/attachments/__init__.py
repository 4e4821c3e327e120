"""Files of orders: checked by their content, scanned, encrypted, and withdrawn with a reason."""

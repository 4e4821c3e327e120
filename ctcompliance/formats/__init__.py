"""How Django itself writes dates, in the columns of its admin site: as `accounts.dates` writes them."""

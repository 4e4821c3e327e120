"""What providers tell us by POST: receipts, and the answers of people to SMS.

Nobody signs in here. What is not signed by the provider, is stale or came before is refused and changes
nothing. Logs say which provider and why, and nobody's number or address.
"""

from __future__ import annotations

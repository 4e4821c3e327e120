"""The Protection Order Registry's export, imported: any number of times, with the same result.

`files` reads the three files, `parsing` says what a row means, `staging` keeps what one run has read in the
database instead of in memory, `updating` merges a changed row into an order that people have worked on,
`proof` sorts firearms and receipts, `importing` does it all batch by batch.
"""

from __future__ import annotations

"""Import of the Protection Order Registry's export. Repeating it gives the same result.

`files` reads the three files, `parsing` interprets a row, `staging` keeps the rows of one run in the database
instead of in memory, `updating` merges a changed row into an order that people have worked on, `proof` sorts
firearms and receipts, and `importing` runs all of it batch by batch. `jobs` runs imports for the API.
"""

from __future__ import annotations

"""The embedded PostgreSQL and Valkey: real servers from wheels, shared by all processes that use one folder.

`postgres` and `valkey` create and configure a server, `server` counts its users, and `processes` finds the
users that a hard kill left behind. `keeper` keeps a server running while a process uses it; `launch` starts
it as a user that it accepts; `programs` makes its files readable for that user. Django uses `base` and Celery
uses `broker`. Importing starts nothing.
"""

from __future__ import annotations

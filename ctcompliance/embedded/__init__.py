"""The embedded PostgreSQL and Redis: real servers from wheels, shared by all processes that name one folder.

`postgres` and `redis` say how each is made, `server` who uses it, and `processes` whose users were left
behind. `keeper` keeps a server running while somebody uses it; `launch` starts it under a user that it
accepts. `base` and `broker` are what Django and Celery see. Importing starts nothing.
"""

from __future__ import annotations

"""The embedded PostgreSQL and Redis: real servers from wheels, shared by all processes that name one folder.

`servers` says how each is made and found, `keeper` keeps one running while somebody uses it, `launch` starts
it under a user that it accepts; `base` and `broker` are what Django and Celery see. Importing starts nothing.
"""

from __future__ import annotations

"""The search keys of stored names, made again after the way in which names are compared has changed.

For migrations: it uses SQL alone, because models change after a migration is written.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

from orders.matching.lookup import stored_keys
from orders.matching.names import folded_name

_BATCH = 5_000
_READ = """
SELECT id, name, name_key, name_parts FROM orders_respondent WHERE id > %s ORDER BY id LIMIT %s
"""
#: A name that was changed since it was read has new keys already.
_WRITE = "UPDATE orders_respondent SET name_key = %s, name_parts = %s WHERE id = %s AND name = %s"


def rekey_names(connection: BaseDatabaseWrapper) -> int:
    """Give each respondent the keys that the name has now, batch by batch. Return how many changed."""
    last = changed = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_READ, [last, _BATCH])
            if not (rows := cursor.fetchall()):
                return changed
            new = [
                (*keys, pk, name)
                for pk, name, *stored in rows
                if (keys := [folded_name(name), stored_keys(name)]) != stored
            ]
            cursor.executemany(_WRITE, new)
            changed, last = changed + len(new), rows[-1][0]

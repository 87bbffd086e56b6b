"""Limits per minute that all workers of a database keep together: what one books, the next one waits for.

A lane is booked in seconds, as the generic cell rate algorithm does it (ITU-T I.371): a request of a lane of 60 a
minute takes one. It does not know what travels there.
"""

import time
from collections.abc import Callable

from sqlalchemy import select

from jointopt.storage.database import Database
from jointopt.storage.tables import lanes
from jointopt.storage.texts import storable


class SharedPace:
    """Books lanes in a database.

    Args:
        database: which is shared.
        clock: seconds since 1970; workers on several machines agree about it as far as their clocks do.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self.database, self._clock = database, clock

    def __call__(self, lane: str, seconds: float, /) -> float:
        """Book the next `seconds` of a lane; returns how long to wait until they begin."""
        name, now = storable(lane), self._clock()
        fresh = self.database.insert(lanes).values(lane=name, free_at=now).on_conflict_do_nothing()
        with self.database.write() as connection:
            connection.execute(fresh)
            mine = select(lanes.c.free_at).where(lanes.c.lane == name).with_for_update()
            begins = max(now, connection.execute(mine).scalar_one())
            connection.execute(lanes.update().where(lanes.c.lane == name).values(free_at=begins + seconds))
        return float(begins - now)

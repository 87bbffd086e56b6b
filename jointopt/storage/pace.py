"""Limits per minute that all workers of a database keep together: what one books, the next one waits for.

A lane is booked in seconds, as the generic cell rate algorithm does it (ITU-T I.371): a request of a lane of 60 a
minute takes one. The clock is the database's: a worker whose own clock is wrong holds nobody up. It does not know what
travels there.
"""

from sqlalchemy import Connection, case

from jointopt.storage.database import Database
from jointopt.storage.tables import lanes
from jointopt.storage.texts import storable


class SharedPace:
    """Books lanes in a database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def __call__(self, lane: str, seconds: float, /) -> float:
        """Book the next `seconds` of a lane; returns how long to wait until they begin.

        Should the connection be lost in between, they may be booked twice, and one of the two is left unused.
        """
        now = self.database.clock
        insert = self.database.insert(lanes).values(lane=storable(lane), free_at=now + seconds)
        begins = case((lanes.c.free_at > now, lanes.c.free_at), else_=now)
        book = insert.on_conflict_do_update(index_elements=["lane"], set_={"free_at": begins + seconds})

        def work(connection: Connection) -> float:
            wait_s = connection.execute(book.returning(lanes.c.free_at - seconds - now)).scalar_one()
            return max(float(wait_s), 0.0)  # the clock goes on within a statement

        return self.database.transact(work)

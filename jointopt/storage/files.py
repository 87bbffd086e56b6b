"""The files that a study was read from, so that a worker on another machine needs none of them.

It does not know what they say. A name is looked up, and never becomes a path.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, func, select

from jointopt.storage.database import Database
from jointopt.storage.tables import files
from jointopt.storage.texts import storable

LARGEST = 256 * 1024**2  # bytes of a file: what both databases take in one piece


class Files:
    """Keeps the files of studies and finds them again."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def keep(self, study_id: int, contents: Mapping[str, bytes]) -> None:
        """Keep a study's files, by the names that it gives them, in place of those that were kept before.

        One that is larger than `LARGEST` is left out: the study runs all the same, where that file is.
        """
        named = {storable(path): content for path, content in contents.items() if len(content) <= LARGEST}
        rows = [{"study_id": study_id, "path": path, "content": named[path]} for path in sorted(named)]
        insert = self.database.insert(files)
        latest = {"content": insert.excluded.content}
        statement = insert.on_conflict_do_update(index_elements=["study_id", "path"], set_=latest)

        def work(connection: Connection) -> None:
            connection.execute(delete(files).where(files.c.study_id == study_id, files.c.path.not_in(named)))
            for row in rows:  # one by one: together they could be more than a server takes
                connection.execute(statement, row)

        self.database.transact(work)

    def load(self, study_id: int) -> dict[str, bytes]:
        """A study's files by name; empty where none were kept, as before layout 3."""
        mine = select(files.c.path, files.c.content).where(files.c.study_id == study_id)
        found = self.database.query(lambda connection: connection.execute(mine).all())
        return {path: bytes(content) for path, content in found}

    def sizes(self, study_id: int) -> dict[str, int]:
        """How many bytes each of a study's files has."""
        mine = select(files.c.path, func.length(files.c.content)).where(files.c.study_id == study_id)
        found = self.database.query(lambda connection: connection.execute(mine).all())
        return {path: size for path, size in found}

"""A study's files in its database: whoever knows the database and the study's name can go on with it.

Code is never kept, and no key: those belong to the machine that runs the study.
"""

import socket
from collections.abc import Collection

from jointopt.config import Plan, kept_files, read_files
from jointopt.errors import StorageError
from jointopt.storage import Files, Studies, masked, open_database

_ORIGIN = "file"  # under which a study remembers where its study file was


def keep_files(studies: Studies, study_id: int, plan: Plan, *, anew: bool) -> None:
    """Keep what a plan was read from, and where that was; if it is kept already, only where it is to be done anew.

    Raises:
        StudyFileError: a file has changed since it was read.
    """
    files = Files(studies.database)
    if anew or not files.sizes(study_id):
        files.keep(study_id, kept_files(plan))
        studies.record(study_id, _ORIGIN, file_of(plan))


def file_of(plan: Plan) -> str:
    """Where a plan's study file is: ``host:/path/study.yaml``."""
    return f"{socket.gethostname()}:{plan.path.resolve()}"


def begun_by(studies: Studies, study_id: int) -> str | None:
    """The study file that a study's files came from, as `file_of` says it; None where nobody wrote it down."""
    found: str | None = studies.recall(study_id, _ORIGIN)
    return found


def read_kept(url: str, name: str, *, code: Collection[str] = ()) -> Plan:
    """The plan of a study from its database alone: that of its study file, kept where the URL says.

    Args:
        url: of the database, as SQLAlchemy writes it.
        name: of the study.
        code: the modules that the study may call.

    Raises:
        UnknownStudy: there is none of that name; names the nearest.
        StorageError: its files are not kept, or this jointopt reads them as another study.
        UserError: a module is missing or not permitted.
    """
    database = open_database(url, create=False)
    try:
        row = Studies(database).find(name)
        files = Files(database).load(row.id)
    finally:
        database.close()
    plan = read_files(files, name=name, storage=url, code=code)
    if plan.digest != row.digest:
        message = f"this jointopt reads the files of study {name!r} as another study than the one that began"
        mend = "use the version of jointopt that began it, on all machines; or run it with its study file"
        raise StorageError(message, where=masked(url), mend=mend)
    return plan

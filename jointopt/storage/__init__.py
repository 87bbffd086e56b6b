"""What we remember: samples, what they cost, what policies scored, which studies there are."""

from jointopt.storage.addresses import masked
from jointopt.storage.database import Database, open_database
from jointopt.storage.engines import engine_settings, hold_on
from jointopt.storage.files import Files
from jointopt.storage.ledger import Ledger
from jointopt.storage.pace import SharedPace
from jointopt.storage.pool import Lent, SamplePool, Settlement
from jointopt.storage.scoreboard import Scoreboard
from jointopt.storage.studies import Studies, StudyRow

__all__ = [
    "Database",
    "Files",
    "Ledger",
    "Lent",
    "SamplePool",
    "Scoreboard",
    "Settlement",
    "SharedPace",
    "Studies",
    "StudyRow",
    "engine_settings",
    "hold_on",
    "masked",
    "open_database",
]

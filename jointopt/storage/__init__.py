"""What we remember: samples, what they cost, what policies scored, which studies there are."""

from jointopt.storage.addresses import database_file, masked
from jointopt.storage.crew import BEATS, LEASE_S, Beat, Crew, Member
from jointopt.storage.database import Database, open_database
from jointopt.storage.engines import engine_settings, hold_on
from jointopt.storage.files import Files
from jointopt.storage.ledger import Ledger
from jointopt.storage.orders import Orders, Outcome, Posted
from jointopt.storage.owners import next_worker
from jointopt.storage.pace import SharedPace
from jointopt.storage.pool import Lent, SamplePool, Settlement
from jointopt.storage.refusals import refusals
from jointopt.storage.removal import Loss, remove, weigh
from jointopt.storage.repeats import insist, make_together, tell_broken_off
from jointopt.storage.scoreboard import Scoreboard
from jointopt.storage.studies import State, Studies, StudyRow

__all__ = [
    "BEATS",
    "LEASE_S",
    "Beat",
    "Crew",
    "Database",
    "Files",
    "Ledger",
    "Lent",
    "Loss",
    "Member",
    "Orders",
    "Outcome",
    "Posted",
    "SamplePool",
    "Scoreboard",
    "Settlement",
    "SharedPace",
    "State",
    "Studies",
    "StudyRow",
    "database_file",
    "engine_settings",
    "hold_on",
    "insist",
    "make_together",
    "masked",
    "next_worker",
    "open_database",
    "refusals",
    "remove",
    "tell_broken_off",
    "weigh",
]

"""One of a study's workers is killed at a moment drawn by a seed, and what came of it is counted."""

import signal
import time
from pathlib import Path
from random import Random
from typing import NamedTuple

from jointopt.storage import LEASE_S
from tests.hostile.server import Server as Model
from tests.study.crowd import Claims, Rows, Shelf, calls, claims, conductor, finish, kept, left_over, start, until


class Death(NamedTuple):
    """What a death came to. Numbers are of completions.

    Attributes:
        conducted: whether the dead worker conducted the study.
        claims: of the study at its end.
        bill: of the model.
        kept: in the pool.
        ledger: by state.
        in_hand: reserved for what the dead worker had asked, or was about to ask, when it died.
        most: spent and reserved at once, ever.
        left: what no finished study leaves, but for the dead worker's name.
    """

    conducted: bool
    claims: Claims
    bill: int
    kept: int
    ledger: dict[str, int]
    in_hand: int
    most: int
    left: Rows

    @property
    def twice(self) -> int:
        """Completions that were bought a second time."""
        return self.bill - self.kept


def kill_one(store: Shelf, file: Path, model: Model, count: int, seed: int) -> Death:
    """Run a study with so many workers, kill one of them (SIGKILL) in the middle of it, and see the others finish.

    Args:
        store: where the study is kept.
        file: the study's.
        model: that is asked.
        count: of workers.
        seed: draws who dies, and when: at some number of samples, and a little later. Half of those who die conduct.
    """
    rng, before = Random(seed), model.bill.completions
    workers = start(file, count, lease_s=LEASE_S)  # that a process is gone, its host sees at once
    at, wait_s, chosen = rng.randrange(1, 300), rng.random() * 0.2, rng.randrange(2 * count)
    until(lambda: kept(store) >= at, workers)
    time.sleep(wait_s)
    lead = conductor(store)
    dying = workers[chosen] if chosen < count else next((one for one in workers if one.pid == lead), workers[0])
    dying.tell(signal.SIGKILL)
    dying.process.join()
    held = in_hand(store, dying.pid)
    finish([one for one in workers if one is not dying])
    left = [line for line in left_over(store) if f":{dying.pid}:" not in str(line)]
    conducted, most = dying.pid == lead, store.most()[0]
    return Death(conducted, claims(store), model.bill.completions - before, kept(store), calls(store), held, most, left)


def in_hand(store: Shelf, dead: int) -> int:
    """Reserved for orders that a dead worker had taken, or, as conductor, had not put on the table."""
    taken = f"SELECT reservation FROM jointopt_orders WHERE state = 'taken' AND worker LIKE '%:{dead}:%'"
    others = f"SELECT reservation FROM jointopt_orders WHERE reservation NOT IN ({taken})"
    mine = f"id IN ({taken}) OR (owner LIKE '%:{dead}:%' AND id NOT IN ({others}))"
    held = f"SELECT coalesce(sum(calls), 0) FROM jointopt_entries WHERE state IN ('reserved', 'lost') AND ({mine})"
    return int(store.say(held)[0][0])

"""One of eight workers is killed (SIGKILL) at a random moment, again and again: run by hand, counts what it came to.

Every study is the same, and is held against one that nobody disturbed: samples that differ, completions that were
bought twice, what the ledger gave up for lost, the budget. ``bench_faults.py 10`` does it ten times instead of fifty,
and ``bench_faults.py 10 joint random`` with these samplers.
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.hostile.server import Server as Model
from tests.hostile.server import serving
from tests.postgres import Server, running_server
from tests.study.crowd import Claims, Shelf, undisturbed, write_study
from tests.study.killing import Death, kill_one

WORKERS, KILLS, DELAY_S, BUDGET = 8, 50, 0.05, 20_000
TRIALS = {"joint": "joint", "random": "random\ntrials: 10", "grid": "grid\ntrials: 10"}


def main(wanted: Sequence[str]) -> None:
    """Kill, and count."""
    kills, samplers = int(wanted[0]) if wanted else KILLS, wanted[1:] or ("joint",)
    with tempfile.TemporaryDirectory() as folder, running_server() as postgres:
        for sampler in samplers:
            with serving(delay_s=DELAY_S, settled=True, keep=False) as model:
                where = Path(folder) / sampler
                alone = undisturbed(postgres, where, model.url, sampler=TRIALS[sampler])
                print(f"{sampler}: {len(alone.samples)} samples, {len({trial[0] for trial in alone.trials})} trials")
                _tell(list(_kill(postgres, where, model, kills, alone)), alone)


def _kill(postgres: Server, where: Path, model: Model, kills: int, alone: Claims) -> Iterator[Death]:
    for seed in range(kills):
        with postgres.database() as url:
            store = Shelf(postgres, url)
            file = write_study(where / str(seed), model.url, store, sampler=TRIALS[where.name])
            death = kill_one(store, file, model, WORKERS, seed)
            who = "conductor" if death.conducted else "buyer"
            differ, lost = _differing(death, alone), death.ledger["lost"]
            print(f"  {seed:2}: {who:9}, {death.twice} twice, {lost} lost, {differ} differ", flush=True)
            yield death


def _differing(death: Death, alone: Claims) -> int:
    """Samples that are not as in an undisturbed study."""
    return len(set(death.claims.samples.items()) ^ set(alone.samples.items()))


def _tell(deaths: Sequence[Death], alone: Claims) -> None:
    print(f"{len(deaths)} kills of one of {WORKERS} workers, {sum(one.conducted for one in deaths)} of the conductor")
    print(f"samples that differ: {sum(_differing(one, alone) for one in deaths)}")
    print(f"other scorecards, trials or winner: {sum(one.claims[1:] != alone[1:] for one in deaths)} studies")
    twice = [one.twice for one in deaths]
    none, kept = sum(not number for number in twice), sum(one.kept for one in deaths)
    print(f"completions bought twice: {sum(twice)} of {kept}, {max(twice)} at worst, none in {none} studies")
    held = max(one.in_hand for one in deaths)
    print(
        f"given up for lost: {sum(one.ledger['lost'] for one in deaths)}, at worst {held} in the hand of one who died"
    )
    print(f"bought twice and not covered by that: {sum(max(one.twice - one.ledger['lost'], 0) for one in deaths)}")
    print(f"settled, but not in the pool: {sum(abs(one.ledger['settled'] - one.kept) for one in deaths)}")
    print(f"still reserved: {sum(one.ledger['reserved'] for one in deaths)}")
    print(f"left over (trials that run, orders, a study that has not finished): {sum(len(one.left) for one in deaths)}")
    print(f"spent and reserved at most: {max(one.most for one in deaths) / BUDGET:.1%} of the budget")


if __name__ == "__main__":
    main(sys.argv[1:])

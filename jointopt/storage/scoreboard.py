"""The latest scorecard of every policy of a study. It does not know how a score comes about."""

import json
from collections.abc import Sequence

import numpy as np
from sqlalchemy import select

from jointopt.domain import Policy, Scorecard
from jointopt.storage.database import Database
from jointopt.storage.tables import scorecards
from jointopt.storage.texts import storable

_ARRAYS = ("scores", "cost_usd", "tokens", "latency_s")


class Scoreboard:
    """Keeps scorecards under the policy that stands for all equal ones."""

    def __init__(self, database: Database, study_id: int) -> None:
        self.database, self.study_id = database, study_id

    def keep(self, cards: Sequence[Scorecard]) -> None:
        """Keep each card as the latest of its policy, all in one transaction."""
        texts = {card.policy.canonical().to_json(): _written(card) for card in cards}
        rows = [{"study_id": self.study_id, "policy": policy, "card": texts[policy]} for policy in sorted(texts)]
        if not rows:
            return
        insert = self.database.insert(scorecards)
        place, latest = ["study_id", "policy"], {"card": insert.excluded.card}
        with self.database.write() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=place, set_=latest), rows)

    def cards(self) -> dict[Policy, Scorecard]:
        """The latest card of every policy that has one."""
        mine = select(scorecards.c.policy, scorecards.c.card).where(scorecards.c.study_id == self.study_id)
        with self.database.read() as connection:
            rows = connection.execute(mine.order_by(scorecards.c.policy)).all()
        cards = [_read(Policy.from_json(policy), card) for policy, card in rows]
        return {card.policy: card for card in cards}


def _written(card: Scorecard) -> str:
    arrays = {name: getattr(card, name).tolist() for name in (*_ARRAYS, "samples")}
    return storable(json.dumps({"examples": card.examples, **arrays}))


def _read(policy: Policy, text: str) -> Scorecard:
    entries = json.loads(text)
    arrays = {name: np.array(entries[name], dtype=np.float64) for name in _ARRAYS}
    samples = np.array(entries["samples"], dtype=np.int64)
    return Scorecard(policy, tuple(entries["examples"]), **arrays, samples=samples)

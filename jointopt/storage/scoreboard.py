"""The latest scorecard of every policy of a study. It does not know how a score comes about."""

import json
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
from sqlalchemy import Connection, select

from jointopt.domain import Policy, Scorecard
from jointopt.errors import StudyLost
from jointopt.storage.database import Database
from jointopt.storage.studies import Fence, open_to_all
from jointopt.storage.tables import scorecards
from jointopt.storage.texts import storable

_ARRAYS = ("scores", "cost_usd", "tokens", "latency_s")


class Scoreboard:
    """Keeps scorecards by policy. Policies come canonical: of equal ones it is handed always the same.

    Args:
        database: where.
        study_id: whose.
        fence: raises, in the transaction that keeps cards, where another worker conducts the study.
    """

    def __init__(self, database: Database, study_id: int, fence: Fence = open_to_all) -> None:
        self.database, self.study_id, self.fence = database, study_id, fence

    def keep(self, cards: Sequence[Scorecard]) -> None:
        """Keep each card as the latest of its policy, all in one transaction. Where another worker conducts the study,
        nothing is kept: that one keeps its own, and who only looks on changes nothing.
        """
        texts = {card.policy.to_json(): _written(card) for card in cards}
        rows = [{"study_id": self.study_id, "policy": policy, "card": texts[policy]} for policy in sorted(texts)]
        if not rows:
            return
        insert = self.database.insert(scorecards)
        place, latest = ["study_id", "policy"], {"card": insert.excluded.card}
        statement = insert.on_conflict_do_update(index_elements=place, set_=latest)

        def work(connection: Connection) -> None:
            self.fence(connection)
            connection.execute(statement, rows)

        with suppress(StudyLost):
            self.database.transact(work)

    def card(self, policy: Policy) -> Scorecard | None:
        """The latest card of one policy."""
        of_study = scorecards.c.study_id == self.study_id
        mine = select(scorecards.c.card).where(of_study, scorecards.c.policy == policy.to_json())
        text = self.database.query(lambda connection: connection.scalar(mine))
        return None if text is None else _read(policy, text)

    def cards(self) -> dict[Policy, Scorecard]:
        """The latest card of every policy that has one.

        A policy that an older jointopt wrote down, with fewer fields, gives way to the same one as it is written now.
        """
        mine = select(scorecards.c.policy, scorecards.c.card).where(scorecards.c.study_id == self.study_id)
        rows = self.database.query(lambda connection: connection.execute(mine.order_by(scorecards.c.policy)).all())
        read = [(Policy.from_json(text), text, card) for text, card in rows]
        read.sort(key=lambda entry: entry[0].to_json() == entry[1])  # stable, and False comes first
        return {policy: _read(policy, card) for policy, _, card in read}


def _written(card: Scorecard) -> str:
    arrays = {name: getattr(card, name).tolist() for name in (*_ARRAYS, "samples", "unreadable")}
    objectives = {name: marks.tolist() for name, marks in card.objectives.items()}
    return storable(json.dumps({"examples": card.examples, **arrays, "objectives": objectives}))


def _read(policy: Policy, text: str) -> Scorecard:
    """The card that `_written` wrote; one of layout 1 knows no objectives, and nothing of what was unreadable."""
    entries = json.loads(text)
    arrays = {name: np.array(entries[name], dtype=np.float64) for name in _ARRAYS}
    arrays["unreadable"] = np.array(entries.get("unreadable", ()), dtype=np.float64)
    samples = np.array(entries["samples"], dtype=np.int64)
    objectives = {name: np.array(marks, dtype=np.float64) for name, marks in entries.get("objectives", {}).items()}
    return Scorecard(policy, tuple(entries["examples"]), **arrays, samples=samples, objectives=objectives)

"""How far a study is, from its database alone and without its samples: at once, however many there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jointopt.analysis import TakenOver
from jointopt.config import Brief, read_brief
from jointopt.domain import Policy, Scorecard, Spend
from jointopt.search import number_of_trials
from jointopt.storage import Crew, Database, Ledger, Member, SamplePool, Scoreboard, Studies, StudyRow, open_database
from jointopt.study.canary import PHASE
from jointopt.study.events import Progress
from jointopt.study.phases import SHARES
from jointopt.study.warm import KEY, remembered


@dataclass(frozen=True, slots=True)
class Glance:
    """A study as its database knows it.

    Attributes:
        row: of the register.
        progress: how far it is; of this run it knows nothing.
        workers: that live, in the order in which they joined.
        failed: samples without a completion, by reason.
        lost: what died with a run; it counts as paid.
        unwatched: why a model is not watched for change, by its id.
        begun_with: the study that it began with; empty where there is none.
        taken_over: what came from there, as far as a report has counted it.
    """

    row: StudyRow
    progress: Progress
    workers: tuple[Member, ...]
    failed: Mapping[str, int]
    lost: Spend
    unwatched: Mapping[str, str]
    begun_with: str
    taken_over: TakenOver | None


class Onlooker:
    """Looks at a study as often as is asked; use it as a context manager, or close it.

    Args:
        url: of the database.
        name: of the study.

    Raises:
        UnknownStudy: there is none of that name; names the nearest.
        StorageError: the database cannot be used.
    """

    def __init__(self, url: str, name: str) -> None:
        self.url, self.name = url, name
        self.database = open_database(url, create=False)
        self._studies = Studies(self.database)
        try:
            self._studies.find(name)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Onlooker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    def look(self) -> Glance:
        """How far it is now.

        Raises:
            UnknownStudy: it has been deleted meanwhile.
        """
        row = self._studies.find(self.name)
        ledger = Ledger(self.database, row.id, read_brief(row.study_text).budget)
        workers = tuple(Crew(self.database, row.id).living())
        return Glance(
            row=row,
            progress=self._progress(row, ledger.spent(), len(workers)),
            workers=workers,
            failed=SamplePool(self.database, row.id).failed_counts(),
            lost=ledger.lost(),
            unwatched=(self._recall(row, PHASE) or {}).get("notes", {}),
            begun_with=(self._recall(row, KEY) or {}).get("study", ""),
            taken_over=remembered(self._studies, row.id),
        )

    def _progress(self, row: StudyRow, spend: Spend, workers: int) -> Progress:
        brief, ended = read_brief(row.study_text), {phase: self._recall(row, phase) for phase in SHARES}
        leader = _leader(self.database, row, brief, ended["search"])
        return Progress(
            phase=next((phase for phase in SHARES if ended[phase] is None), "sealed"),
            spend=spend,
            budget=brief.budget,
            seconds=row.elapsed_s,
            trials=number_of_trials(self.url, self.name),
            best=leader.policy if leader else None,
            score=leader.score if leader else float("nan"),
            interval=leader.interval if leader else (0.0, 1.0),
            examples=len(leader.examples) if leader else 0,
            bought=0,
            pooled=0,
            failed=0,
            calls_per_s=0.0,
            workers=workers,
        )

    def _recall(self, row: StudyRow, key: str) -> Any:
        return self._studies.recall(row.id, key)


def _leader(database: Database, row: StudyRow, brief: Brief, search: Mapping[str, Any] | None) -> Scorecard | None:
    """The policy that the sampler chose; else the best of those judged on the most examples, as in a run."""
    cards = Scoreboard(database, row.id).cards()
    chosen = [Policy.from_json(text) for text in (search or {}).get("chosen", ())][:1]
    if chosen and chosen[0] in cards:
        return cards[chosen[0]]
    most = max((len(card.examples) for card in cards.values()), default=0)
    widest = [card for card in cards.values() if len(card.examples) == most]
    return max(widest, key=lambda card: card.utility(brief.preference), default=None)

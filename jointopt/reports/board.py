"""Puts the figures and the notes where Optuna Dashboard shows them. It knows the dashboard's store, not Optuna."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from optuna_dashboard import save_note, save_plotly_graph_object

from jointopt.analysis import Findings
from jointopt.domain import Prompt
from jointopt.errors import NothingToReport
from jointopt.reports.figures import FIGURES, titled, words
from jointopt.reports.notes import note, trial_note, trial_title

LEADERS, NEWEST = 5, 10  # trials that get a note: the best, and the last
SHARE = 0.02  # of a run's time that showing it may take
EVERY_S = 15.0  # seldom enough for a reader
_GUESS_S = 5.0  # what the first showing may take, findings included; after that it is known


class Turns:
    """When is it time again, if a share of the time may be used? It knows a clock's readings only.

    Args:
        begun: when the time began to count, in seconds.
        share: of it that may be used, 0 to 1.
        every_s: seconds between two turns, at least.
    """

    def __init__(self, begun: float, share: float, every_s: float) -> None:
        self.begun, self.share, self.every_s = begun, share, every_s
        self.last, self.spent_s, self.expected_s = begun, 0.0, _GUESS_S

    def due(self, now: float) -> bool:
        """Whether what has built up pays for a turn as long as the last one."""
        built_up = self.share * (now - self.begun) - self.spent_s
        return now - self.last >= self.every_s and built_up >= self.expected_s

    def took(self, start: float, end: float) -> None:
        """Count a turn."""
        self.last, self.expected_s = end, end - start
        self.spent_s += self.expected_s


class Board:
    """What Optuna Dashboard shows of a study, kept up to date at a bounded cost.

    Every write to Optuna's store is a transaction, so that only what has changed since the last time is written, and
    only a few trials get a note.

    Args:
        study: the `optuna.Study` that the dashboard shows. `Any`, because only the search may name Optuna's types.
        prompts: of the study, by id; their text stands in the trials' notes.
        share: of the time since the board was made that `refresh` may take, 0 to 1.
        every_s: seconds between two showings, at least.
        clock: seconds, from any start.
    """

    def __init__(
        self,
        study: Any,
        prompts: Mapping[str, Prompt] | None = None,
        *,
        share: float = SHARE,
        every_s: float = EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.study, self.prompts, self.clock = study, prompts or {}, clock
        self.turns = Turns(clock(), share, every_s)
        self._shown: dict[object, str] = {}  # what was written, by where
        self._writing, self._closed = threading.Lock(), False

    def due(self) -> bool:
        """Whether it is time to show what the study has taught so far."""
        return not self._closed and self.turns.due(self.clock())

    def close(self) -> None:
        """Write nothing from now on, also where a refresh is under way in another thread."""
        with self._writing:
            self._closed = True

    def publish(self, findings: Findings) -> None:
        """Show these findings: figures, the study's note, and those of the best and the newest trials."""
        self._figures(findings)
        told = [trial for trial in self.study.get_trials(deepcopy=False) if "scorecard" in trial.user_attrs]
        best = sorted((trial for trial in told if trial.value is not None), key=lambda trial: -trial.value)[:LEADERS]
        number = self.study._study_id  # noqa: SLF001  the dashboard's addresses have it, and nobody tells it
        links = [(trial_title(trial), f"/dashboard/studies/{number}/trials?numbers={trial.number}") for trial in best]
        links.append(("All figures", f"/dashboard/studies/{number}"))
        self._note(self.study, "study", note(findings, links))
        for trial in {trial.number: trial for trial in (*best, *told[-NEWEST:])}.values():
            place = _Place(self.study._storage, self.study, trial._trial_id)  # noqa: SLF001  as above
            self._note(place, trial.number, trial_note(trial, self.prompts))

    def refresh(self, tell: Callable[[], Findings]) -> bool:
        """Show what the study has taught so far, if it is time; returns whether it was.

        Every time waits until the share of the run's time that has built up pays for what the last one took, `tell`
        included; the first one is taken to last five seconds.

        Args:
            tell: works out the findings; asked only when it is time. NothingToReport means: not yet.
        """
        if not self.due():
            return False
        start = self.clock()
        try:
            self.publish(tell())
        except NothingToReport:
            return False
        finally:
            self.turns.took(start, self.clock())
        return True

    def _figures(self, findings: Findings) -> None:
        for draw in FIGURES:
            panel = draw(brief(findings))
            figure = (
                words(f"{panel.question} {panel.answer}")
                if panel.figure is None
                else titled(panel.figure, panel.answer)
            )
            content = figure.to_json()
            save = partial(save_plotly_graph_object, self.study, figure, graph_object_id=f"jointopt-{panel.key}")
            self._write(panel.key, content, save)

    def _note(self, place: Any, where: object, body: str) -> None:
        self._write(where, body, partial(save_note, place, body))

    def _write(self, where: object, content: str, save: Callable[[], object]) -> None:
        """Write what has changed, unless the board is closed."""
        with self._writing:
            if not self._closed and self._shown.get(where) != content:
                save()
                self._shown[where] = content


def brief(findings: Findings) -> Findings:
    """The findings with the curves of one model and strategy: a card has no room for more pictures. Those in which
    prompts most surely change places, as the answer says; where none do, the winner's.
    """
    policy = findings.winner.policy
    groups = {(curve.model, curve.strategy): curve for curve in findings.curves}
    swaps = [(swap.model, swap.strategy) for swap in findings.swaps[:1]]
    wishes = [*swaps, (policy.source.model, policy.tactic.label), *groups]
    shown = next((wish for wish in wishes if wish in groups), None)
    return replace(findings, curves=tuple(one for one in findings.curves if (one.model, one.strategy) == shown))


@dataclass(frozen=True, slots=True)
class _Place:
    """All that `save_note` asks of a trial. A live one is at hand while it runs; a new one asks the sampler."""

    storage: Any
    study: Any
    _trial_id: int


def publish(study: Any, findings: Findings, prompts: Mapping[str, Prompt] | None = None) -> None:
    """Publish figures and notes once; publishing again replaces them.

    Args:
        study: the `optuna.Study` that the dashboard shows.
        findings: what the study taught.
        prompts: by id; their text stands in the trials' notes.
    """
    Board(study, prompts).publish(findings)

"""What would tuning the prompt and the strategy apart have chosen, for the same number of calls?

Each procedure chooses from the same recorded samples, and may look at no more of them than it could have paid for.
Pure: how good a policy looks on so many samples of so many examples is handed in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from jointopt.analysis.findings import Procedure
from jointopt.domain import Policy, Source, Space
from jointopt.errors import NothingToReport

Utility = Callable[[Policy, int, int], float]  # (policy, samples of each example, examples) -> mean utility
Effort = Callable[[Sequence[Policy], int], int]  # (policies, samples) -> calls, for each source and example


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of the balanced table is filled: every source has `samples` of the first `examples` examples."""

    samples: int
    examples: int


@dataclass(frozen=True, slots=True)
class Choice:
    """What a procedure chose, and the calls it looked at to do so."""

    policy: Policy
    calls: int


def need_choices(space: Space) -> None:
    """See that a space leaves something to tune together: several prompts, and several ways to use each.

    Raises:
        NothingToReport: every procedure would choose alike; names the choice that is missing.
    """
    ways = len(space.tactics()) * len(space.models)
    if len(space.prompts) > 1 and ways > 1:
        return
    if len(space.prompts) == 1 and ways == 1:
        lack, mend = "the space has one prompt, and one model, strategy and n", "name several of each"
    elif ways == 1:
        lack, mend = "the space has one model, strategy and n", "name several strategies, numbers of samples or models"
    else:
        lack, mend = f"the space has one prompt: {next(iter(space.prompts))!r}", "name several prompts"
    raise NothingToReport(
        f"nothing to compare: {lack}, so nothing can be tuned apart", mend=f"{mend} in the study file"
    )


class Separate:
    """Chooses prompt and strategy apart, within `calls` completions.

    Args:
        space: of the study.
        around: a source whose temperature and slots all procedures share.
        calls: that each procedure may use in all.
        extent: of the recorded table.
        utility: of a policy as seen through a part of that table.
        effort: the calls that it takes to see policies of one source through so many samples of an example.
    """

    def __init__(
        self, space: Space, around: Source, calls: int, extent: Extent, utility: Utility, effort: Effort
    ) -> None:
        self.space, self.around, self.calls, self.extent = space, around, calls, extent
        self.utility, self.effort = utility, effort
        self.default = replace(around, prompt=next(iter(space.prompts)), model=next(iter(space.models)))
        plain = min(space.tactics(), key=lambda tactic: tactic.n)  # one sample, where the space has that
        self.alone = Policy(self.default, plain.strategy, plain.n, plain.options)

    def choices(self) -> dict[Procedure, Choice]:
        """What each of the three procedures chooses."""
        return {
            Procedure.PROMPT_ONLY: self.best(self.prompts(self.alone), self.calls),
            Procedure.PROMPT_FIRST: self.prompt_first(),
            Procedure.STRATEGY_FIRST: self.strategy_first(),
        }

    def prompt_first(self) -> Choice:
        """Half of the calls for the prompt that is best alone, what is left for its model, strategy and n."""
        first = self.best(self.prompts(self.alone), self.calls // 2)
        second = self.best(self.strategies(first.policy.source), self.calls - first.calls)
        return Choice(second.policy, first.calls + second.calls)

    def strategy_first(self) -> Choice:
        """Half of the calls for model, strategy and n at the default prompt, what is left for the prompt."""
        first = self.best(self.strategies(self.default), self.calls // 2)
        second = self.best(self.prompts(first.policy), self.calls - first.calls)
        return Choice(second.policy, first.calls + second.calls)

    def prompts(self, policy: Policy) -> list[Policy]:
        """The policy under every prompt."""
        return [replace(policy, source=replace(policy.source, prompt=prompt)) for prompt in self.space.prompts]

    def strategies(self, source: Source) -> list[Policy]:
        """Every model, strategy and n under the source's prompt."""
        models = [replace(source, model=model) for model in self.space.models]
        return [Policy(s, way.strategy, way.n, way.options) for s in models for way in self.space.tactics()]

    def best(self, policies: Sequence[Policy], calls: int) -> Choice:
        """The best policy, as far as the calls can tell: as many examples as they pay for, then more samples of each.

        Calls that do not even pay for one example leave the first policy, which is the default one.
        """
        sources, n = len({policy.source for policy in policies}), max(policy.n for policy in policies)
        n = min(n, self.extent.samples)
        examples = min(self.extent.examples, calls // (sources * self.effort(policies, n)))
        if not examples:
            return Choice(policies[0], 0)
        most = calls // (sources * examples)
        deeper = (k for k in range(self.extent.samples, n, -1) if self.effort(policies, k) <= most)
        samples = next(deeper, n)
        seen = [policy for policy in policies if policy.n <= samples]
        chosen = max(seen, key=lambda policy: self.utility(policy, samples, examples))
        return Choice(chosen, sources * self.effort(policies, samples) * examples)

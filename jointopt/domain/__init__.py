"""The words: frozen nouns that know no library but numpy's arrays."""

from jointopt.domain.budget import Budget, Spend
from jointopt.domain.example import Example
from jointopt.domain.judge import Judge
from jointopt.domain.model import Latency, Mode, Model, Price
from jointopt.domain.policy import Options, Policy, Scalar, Source, Tactic
from jointopt.domain.prompt import Message, Prompt
from jointopt.domain.sample import OnError, Request, Sample, Vote
from jointopt.domain.scorecard import Preference, Scorecard
from jointopt.domain.space import Space
from jointopt.domain.task import BLOCK, Task

__all__ = [
    "BLOCK",
    "Budget",
    "Example",
    "Judge",
    "Latency",
    "Message",
    "Mode",
    "Model",
    "OnError",
    "Options",
    "Policy",
    "Preference",
    "Price",
    "Prompt",
    "Request",
    "Sample",
    "Scalar",
    "Scorecard",
    "Source",
    "Space",
    "Spend",
    "Tactic",
    "Task",
    "Vote",
]

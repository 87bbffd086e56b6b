"""What a model promises, held against what a probe heard of it. Pure; it does not know how a model is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from jointopt.domain import Mode, Sample, Spend

State = Literal["kept", "broken", "untold"]
_APART, _TELLING = 1.5, 64  # times as long, and tokens: what is closer or shorter may differ by chance


@dataclass(frozen=True, slots=True)
class Needs:
    """What a study asks of a model.

    Attributes:
        n: the most completions in one request.
        temperatures: of sampling.
        logprobs: whether a strategy selects by log-probabilities.
        usage: whether tokens or US dollars are budgeted.
        modes: that the model is to know.
    """

    n: int
    temperatures: tuple[float, ...]
    logprobs: bool = False
    usage: bool = False
    modes: tuple[Mode, ...] = ()

    @property
    def warmest(self) -> float:
        """The temperature at which answers are to differ."""
        return max(self.temperatures) or 1.0


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise of a model, and what became of it.

    Attributes:
        name: what is promised.
        state: ``kept``, ``broken``, or ``untold`` where it could not be seen.
        seen: in a few words.
        mend: what to do; empty where nothing is to be done.
        needed: whether the study cannot do without.
    """

    name: str
    state: State
    seen: str
    mend: str = ""
    needed: bool = False

    @property
    def fails(self) -> bool:
        """Whether the study should not begin so."""
        return self.needed and self.state == "broken"


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe of one model found.

    Attributes:
        model: its id.
        endpoint: where it is.
        promises: in the order in which they matter.
        requests: that were sent, those without an answer too.
        spend: what they cost.
    """

    model: str
    endpoint: str
    promises: tuple[Promise, ...]
    requests: int
    spend: Spend

    @property
    def sound(self) -> bool:
        """Whether everything that the study needs is kept."""
        return not any(promise.fails for promise in self.promises)


@dataclass(frozen=True, slots=True)
class Heard:
    """What one request brought: completions, or why there are none.

    Attributes:
        asked: completions asked for.
        samples: that came; none where it was refused.
        usage: whether the reply said what it is billed for.
        refusal: in one line; empty where it was answered.
        mend: of the refusal.
    """

    asked: int
    samples: tuple[Sample, ...] = ()
    usage: bool = False
    refusal: str = ""
    mend: str = ""

    @property
    def texts(self) -> list[str]:
        """What was thought and written, empty ones left out."""
        said = [said_by(sample) for sample in self.samples]
        return [text for text in said if text]


def said_by(sample: Sample) -> str:
    """All that is to be seen of a completion."""
    return sample.reasoning + sample.text


def judge_usage(heard: Heard, needs: Needs) -> Promise:
    """Whether a reply says what it costs."""
    if heard.usage:
        first = heard.samples[0]
        return Promise("usage", "kept", f"{first.input_tokens} + {first.output_tokens} tokens", needed=needs.usage)
    mend = "have the server send `usage`; until then every prompt and completion is counted at its upper bound"
    return Promise("usage", "broken", "replies do not say what they cost", mend, needs.usage)


def judge_n(heard: Heard) -> Promise:
    """Whether several completions come from one request. A study does without: what is missing is asked for again."""
    mend = "none needed: what is missing is asked for again, but each request pays its prompt"
    if heard.refusal:
        return Promise("n", "broken", f"n = {heard.asked} is refused: {heard.refusal}", mend)
    came = len(heard.samples)
    seen = f"{came} of {heard.asked} completions came"
    if came != heard.asked:
        return Promise("n", "broken", seen, mend)
    if len(heard.texts) > 1 and len(set(heard.texts)) == 1:
        return Promise("n", "untold", f"{seen}, all alike", "see temperature")
    return Promise("n", "kept", seen)


def judge_most(wanted: int, came: int) -> Promise:
    """How many completions one request brings.

    Args:
        wanted: the largest n of the study.
        came: the most that were had.
    """
    if came >= wanted:
        return Promise("largest n", "kept", f"{came} in one request")
    mend = f"none needed: more are asked in several requests, each with its prompt; n of at most {came} pays it once"
    return Promise("largest n", "broken", f"{came} in one request, and the study asks for {wanted}", mend)


def judge_temperature(warm: Sequence[str], cold: Sequence[Heard], needs: Needs) -> Promise:
    """Whether answers differ where they should, and only there.

    Args:
        warm: what the same request said at the study's warmest temperature.
        cold: what two requests at temperature 0 brought.
        needs: of the study.
    """
    name, several = "temperature", needs.n > 1 and max(needs.temperatures) > 0
    if len(warm) > 1 and len(set(warm)) == 1:
        seen = f"{len(warm)} answers at {needs.warmest:g} are all alike: votes and best-of would choose among copies"
        mend = "switch off the server's cache of answers, and take `seed` and `top_k` out of `extra`"
        return Promise(name, "broken", seen, mend, several)
    if cold[0].refusal:
        asked = 0.0 in needs.temperatures
        seen = f"0 is refused: {cold[0].refusal}"
        return Promise(name, "broken" if asked else "untold", seen, cold[0].mend if asked else "", asked)
    frozen = [text for heard in cold for text in heard.texts]
    if len(warm) < 2 or len(frozen) < 2:  # noqa: PLR2004  it takes two to differ
        return Promise(name, "untold", "too few answers with a text")
    if len(set(frozen)) > 1:
        mend = "none needed where no answer has to repeat; that the model changes cannot be noticed so"
        return Promise(name, "broken", "answers differ at 0, too", mend)
    return Promise(name, "kept", f"answers differ at {needs.warmest:g}, and repeat at 0")


def judge_seed(one: Heard, again: Heard, other: Heard, *, fixed: bool, needs: Needs) -> Promise:
    """Whether a seed repeats its answer and another one does not. No study relies on it.

    Args:
        one: under a seed.
        again: under the same.
        other: under another.
        fixed: whether the study's own requests carry a seed.
        needs: of the study.
    """
    refusal = next((heard.refusal for heard in (one, again, other) if heard.refusal), "")
    if refusal:
        return Promise("seed", "untold", f"refused: {refusal}")
    texts = [*one.texts[:1], *again.texts[:1], *other.texts[:1]]
    if len(texts) < 3:  # noqa: PLR2004  one, again, other
        return Promise("seed", "untold", "too few answers with a text")
    if texts[0] != texts[1]:
        return Promise("seed", "broken", "one seed gave two answers", "none needed: the pool makes runs repeatable")
    if texts[0] == texts[2]:
        return Promise("seed", "broken", "two seeds gave one answer", "see temperature")
    if fixed and needs.n > 1:
        mend = "take `seed` out of `extra`: further samples would be copies of the first"
        return Promise("seed", "broken", "kept, and fixed by the study file", mend, needed=True)
    return Promise("seed", "kept", "a seed repeats its answer, another one does not")


def judge_logprobs(heard: Heard, needs: Needs) -> Promise:
    """Whether log-probabilities come where they are asked for."""
    mend = (
        "select by length, stated, a judge or a function of your own (best_of: {by: length})" if needs.logprobs else ""
    )
    if heard.refusal:
        return Promise("logprobs", "broken", f"refused: {heard.refusal}", mend, needs.logprobs)
    known = [sample.logprob for sample in heard.samples if sample.logprob is not None]
    if known:
        return Promise("logprobs", "kept", f"mean {known[0]:.2f} nats a token", needed=needs.logprobs)
    if not any(sample.text for sample in heard.samples):
        return Promise("logprobs", "untold", "no answer with a text came", needed=needs.logprobs)
    return Promise("logprobs", "broken", "asked for, and none came", mend, needs.logprobs)


def judge_mode(mode: str, heard: Heard, first: str, standard: Heard, *, steady: bool) -> Promise:
    """Whether a mode changes what a model does, against the first mode.

    Args:
        mode: its id.
        heard: what one request in it brought.
        first: the first mode's id.
        standard: what the same question brought in that one.
        steady: whether both were asked at temperature 0, where this model repeats itself.
    """
    name = f"mode {mode}"
    if heard.refusal:
        return Promise(name, "broken", f"refused: {heard.refusal}", heard.mend, needed=True)
    mine, its = heard.samples[0], standard.samples[0] if standard.samples else None
    seen = _behaviour(mine)
    if its is None or mode == first:
        return Promise(name, "kept" if mode == first else "untold", seen)
    told = f"{seen}; {first}: {_behaviour(its)}"
    if thinks(mine) != thinks(its):
        return Promise(name, "kept", told)
    same = said_by(mine) == said_by(its)
    if steady or same:
        mend = "its fields are ignored: check their names, put them into `extra_body`, or take the mode out"
        if same:
            return Promise(name, "broken", f"what it says is what {first} says: {seen}", mend, needed=True)
        return Promise(name, "kept", told)
    apart = _ratio(mine, its) >= _APART and max(mine.output_tokens, its.output_tokens) >= _TELLING
    mend = "" if apart else "compare both by hand (`jointopt check`): a server may ignore fields that it does not know"
    return Promise(name, "kept" if apart else "untold", told if apart else f"{told}: too alike to tell", mend)


def thinks(sample: Sample) -> bool:
    """Whether a completion was thought over, as far as it shows."""
    return bool(sample.reasoning or sample.reasoning_tokens or "<think" in sample.text[:200])


def judge_latency(heard: Heard, max_tokens: int, timeout_s: float) -> Promise:
    """How fast a model is, and whether its longest completion fits into the time of an attempt.

    Args:
        heard: the longest of all answers.
        max_tokens: of the study's completions.
        timeout_s: of one attempt.
    """
    sample = heard.samples[0]
    tokens_per_s = sample.output_tokens / max(sample.latency_s, 1e-9)
    seen = f"{sample.latency_s:.2f} s for {sample.output_tokens} tokens"
    longest_s = max_tokens / tokens_per_s if tokens_per_s else 0.0
    if longest_s <= timeout_s:
        return Promise("latency", "kept", seen)
    told = f"{seen}: {max_tokens} tokens may take {longest_s:.0f} s, and an attempt has {timeout_s:g} s"
    return Promise("latency", "untold", told, f"write `timeout: {longest_s * _APART:.0f}s`, or lower max_tokens")


def _behaviour(sample: Sample) -> str:
    if sample.reasoning_tokens:
        return f"{sample.reasoning_tokens} of {sample.output_tokens} tokens thought"
    return f"{sample.output_tokens} tokens, {'some' if thinks(sample) else 'none'} thought"


def _ratio(one: Sample, other: Sample) -> float:
    """How many times as long the longer one is."""
    lengths = sorted(max(sample.output_tokens, 1) for sample in (one, other))
    return lengths[1] / lengths[0]

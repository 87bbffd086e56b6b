"""The running batch: seeds, limits, stops, and what joins and leaves."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest

from jointopt.errors import ModelError
from jointopt.pocket.batch import Batch, Seat, check_prompt, draw_tokens, log_softmax
from jointopt.pocket.completion import Completion, Decoding, seed_of
from jointopt.pocket.network import Cache, Network, load_network
from jointopt.pocket.shape import CONTEXT
from jointopt.pocket.tokens import EOS, Tokenizer

Jobs = Sequence[tuple[tuple[int, ...], int, Decoding]]


def complete(batch: Batch, jobs: Jobs, at_once: int) -> list[Completion]:
    """Run jobs, at most `at_once` of them joining together, each time a place is free."""
    found: dict[int, Completion] = {}
    waiting = [Seat(prompt, seed, how, partial(found.__setitem__, i)) for i, (prompt, seed, how) in enumerate(jobs)]
    while waiting or batch.seats:
        joining, waiting = waiting[: min(at_once, batch.free)], waiting[min(at_once, batch.free) :]
        if joining:
            batch.join(joining)
        if batch.seats:
            batch.step()
    return [found[i] for i in range(len(jobs))]


@pytest.mark.parametrize("tier", ["nano", "micro"])
def test_a_seed_gives_the_same_completion_in_any_batch(
    tier: str, tokenizer: Tokenizer, prompts: list[tuple[int, ...]]
) -> None:
    """240 seeded completions are equal, log-probabilities too, alone, in threes, all at once, and in reverse."""
    network = load_network(tier)
    jobs = [(prompt, seed_of("job", i), Decoding(0.9)) for prompt in prompts[:12] for i in range(20)]
    together = complete(Batch(network, tokenizer), jobs, 240)
    assert len({completion.text for completion in together}) > 60
    assert complete(Batch(network, tokenizer, 7), jobs, 3) == together
    assert complete(Batch(network, tokenizer, 100), jobs[::-1], 33)[::-1] == together
    assert complete(Batch(network, tokenizer, 1), jobs[::8], 1) == together[::8]


def test_log_probabilities_are_those_of_a_whole_pass(
    tiny: Network, tokenizer: Tokenizer, prompts: list[tuple[int, ...]]
) -> None:
    """What is reported of each token is what the network says of it when it reads the finished text."""
    completion = complete(Batch(tiny, tokenizer), [(prompts[0], 3, Decoding(1.0, 20))], 1)[0]
    text = np.array([*prompts[0], *completion.tokens])
    hidden = tiny.forward(Cache(tiny.shape, 1), text, np.zeros(len(text), np.int64), np.arange(len(text)))
    start, end = len(prompts[0]) - 1, len(text) - 1
    logprobs = log_softmax(tiny.logits(hidden[start:end]))
    np.testing.assert_array_equal(
        logprobs[np.arange(end - start), text[start + 1 :]], np.array(completion.logprobs, np.float32)
    )
    assert completion.mean_logprob == pytest.approx(np.mean(completion.logprobs))


def test_zero_temperature_is_greedy(tiny: Network, tokenizer: Tokenizer, prompts: list[tuple[int, ...]]) -> None:
    """At temperature 0 the seed does not matter, and every token is the likeliest."""
    jobs = [(prompts[0], seed, Decoding(0.0, 12, top=1)) for seed in range(5)]
    completions = complete(Batch(tiny, tokenizer), jobs, 5)
    assert len({completion.tokens for completion in completions}) == 1
    assert completions[0].tokens == tuple(best[0][0] for best in completions[0].top)


def test_draws_follow_the_distribution() -> None:
    """Frequencies of 40,000 draws match the probabilities at a temperature; nothing impossible is drawn."""
    probabilities = np.array([0.5, 0.0, 0.3, 0.2])
    with np.errstate(divide="ignore"):
        logprobs = np.log(np.tile(probabilities, (40_000, 1))).astype(np.float32)
    uniforms = np.random.default_rng(1).random(40_000)
    for temperature in (1.0, 0.5):
        drawn = draw_tokens(logprobs, np.full(40_000, temperature), uniforms)
        powered = probabilities ** (1 / temperature)
        np.testing.assert_allclose(np.bincount(drawn, minlength=4) / 40_000, powered / powered.sum(), atol=0.01)


def test_edges_of_the_uniform_draw_a_possible_token() -> None:
    """The least and the greatest uniform give the first and the last token that are possible."""
    with np.errstate(divide="ignore"):
        logprobs = np.log(np.array([[0.0, 0.4, 0.6, 0.0]] * 2)).astype(np.float32)
    drawn = draw_tokens(logprobs, np.ones(2), np.array([0.0, np.nextafter(1.0, 0.0)]))
    assert drawn.tolist() == [1, 2]


def test_max_tokens_cuts(tokenizer: Tokenizer, prompts: list[tuple[int, ...]]) -> None:
    """A completion that is cut says so, and its tokens are the beginning of the longer one's."""
    network = load_network("nano")
    long = complete(Batch(network, tokenizer), [(prompts[0], 5, Decoding())], 1)[0]
    short = complete(Batch(network, tokenizer), [(prompts[0], 5, Decoding(1.0, 2))], 1)[0]
    assert (short.finish, short.drawn, long.finish) == ("length", 2, "stop")
    assert short.tokens == long.tokens[:2]
    assert EOS not in long.tokens
    assert long.drawn == len(long.tokens) + 1


def test_a_stop_text_ends_and_is_cut(tokenizer: Tokenizer, prompts: list[tuple[int, ...]]) -> None:
    """The text ends before the first stop text; tokens drawn are counted."""
    network = load_network("nano")
    whole = complete(Batch(network, tokenizer), [(prompts[0], 5, Decoding())], 1)[0]
    stopped = complete(Batch(network, tokenizer), [(prompts[0], 5, Decoding(stop=("zebra", ": ")))], 1)[0]
    assert ": " in whole.text
    assert stopped.text == whole.text[: whole.text.index(": ")]
    assert stopped.finish == "stop"
    assert stopped.drawn < whole.drawn


def test_the_context_ends_a_completion(tiny: Network, tokenizer: Tokenizer) -> None:
    """Prompt and completion together never pass the context."""
    prompt = (4,) * (CONTEXT - 3)
    completion = complete(Batch(tiny, tokenizer), [(prompt, 1, Decoding())], 1)[0]
    assert completion.drawn <= 3
    with pytest.raises(ModelError, match=f"{CONTEXT} tokens"):
        check_prompt((4,) * CONTEXT)


def test_dropping_leaves_the_others_as_they_are(tokenizer: Tokenizer, prompts: list[tuple[int, ...]]) -> None:
    """Completions that nobody wants any more vanish, and the rest come out as if they had never been."""
    network, found, unwanted = load_network("nano"), dict[int, Completion](), set[int]()
    jobs = [(prompt, 7, Decoding()) for prompt in prompts[:9]]

    def wanted(job: int) -> bool:
        return job not in unwanted

    batch = Batch(network, tokenizer)
    batch.join([Seat(*job, partial(found.__setitem__, i), wanted=partial(wanted, i)) for i, job in enumerate(jobs)])
    batch.step()
    unwanted.update({0, 4, 8})
    batch.drop()
    while batch.seats:
        batch.step()
    expected = complete(Batch(network, tokenizer), jobs, 9)
    assert {1, 2, 3, 5, 6, 7} <= set(found)
    assert all(found[i] == expected[i] for i in found)

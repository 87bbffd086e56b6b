"""The network: one path for prefill and decoding, rows that do not feel their neighbours, and parity with torch."""

import json

import numpy as np
import pytest

from jointopt.errors import ModelError
from jointopt.pocket.batch import log_softmax
from jointopt.pocket.network import WEIGHTS, Cache, Network, load_network
from jointopt.pocket.shape import CONTEXT, TIERS, Shape
from jointopt.pocket.tokens import Tokenizer

Prompts = list[tuple[int, ...]]


def run_whole(network: Network, prompts: Prompts) -> list[np.ndarray]:
    """Hidden states of each prompt, all prompts in one pass."""
    lengths = [len(prompt) for prompt in prompts]
    cache = Cache(network.shape, len(prompts))
    tokens, positions = np.concatenate(prompts), np.concatenate([np.arange(length) for length in lengths])
    hidden = network.forward(cache, tokens, np.repeat(np.arange(len(prompts)), lengths), positions)
    return np.split(hidden, np.cumsum(lengths)[:-1])


@pytest.mark.parametrize("tier", [None, *TIERS])
def test_cached_steps_equal_the_whole_to_the_last_bit(tier: str | None, tiny: Network, prompts: Prompts) -> None:
    """Token by token over the cache gives exactly what one pass over the whole prompt gives."""
    network = load_network(tier) if tier else tiny
    prompt = prompts[0]
    whole = run_whole(network, [prompt])[0]
    cache = Cache(network.shape, 1)
    for i, token in enumerate(prompt):
        step = network.forward(cache, np.array([token]), np.array([0]), np.array([i]))
        np.testing.assert_array_equal(step[0], whole[i])


@pytest.mark.parametrize("tier", [None, *TIERS])
def test_neighbours_change_nothing(tier: str | None, tiny: Network, prompts: Prompts) -> None:
    """A prompt's states are equal to the last bit alone, among many, and in another order."""
    network = load_network(tier) if tier else tiny
    together = run_whole(network, prompts)
    turned = run_whole(network, prompts[::-1])[::-1]
    for i in (0, 7, 20, 39):
        alone = run_whole(network, [prompts[i]])[0]
        np.testing.assert_array_equal(alone, together[i])
        np.testing.assert_array_equal(alone, turned[i])
        np.testing.assert_array_equal(network.logits(alone[-1:]), network.logits(together[i])[-1:])


def test_a_token_sees_no_future(tiny: Network, prompts: Prompts) -> None:
    """Changing the last token changes no state before it."""
    prompt = prompts[3]
    other = (*prompt[:-1], prompt[-1] + 1)
    left, right = run_whole(tiny, [prompt])[0], run_whole(tiny, [other])[0]
    np.testing.assert_array_equal(left[:-1], right[:-1])
    assert not np.array_equal(left[-1], right[-1])


def test_what_an_earlier_tenant_left_in_a_row_is_not_read(tiny: Network, prompts: Prompts) -> None:
    """A row of the cache may be used again without being cleared."""
    cache = Cache(tiny.shape, 1)
    cache.keys[:], cache.values[:] = 3.0, -7.0
    prompt = np.array(prompts[0])
    used = tiny.forward(cache, prompt, np.zeros(len(prompt), np.int64), np.arange(len(prompt)))
    np.testing.assert_array_equal(used, run_whole(tiny, [prompts[0]])[0])


def test_copied_rows_go_on_like_the_first(tiny: Network, prompts: Prompts) -> None:
    """Completions that share a prefill compute what they would have computed alone."""
    prompt = np.array(prompts[0])
    cache = Cache(tiny.shape, 3)
    tiny.forward(cache, prompt, np.zeros(len(prompt), np.int64), np.arange(len(prompt)))
    cache.copy(0, np.array([1, 2]), len(prompt))
    states = tiny.forward(cache, np.array([9, 9, 9]), np.arange(3), np.full(3, len(prompt)))
    expected = run_whole(tiny, [(*prompts[0], 9)])[0][-1]
    for state in states:
        np.testing.assert_array_equal(state, expected)


def test_log_probabilities_sum_to_one(tiny: Network, prompts: Prompts) -> None:
    """The log-probabilities of a position are a distribution."""
    logprobs = log_softmax(tiny.logits(run_whole(tiny, [prompts[0]])[0]))
    np.testing.assert_allclose(np.exp(logprobs.astype(float)).sum(-1), 1, atol=1e-5)


def test_an_unknown_tier_names_the_known_ones() -> None:
    """The message lists the tiers."""
    with pytest.raises(ModelError, match=r"(?s)'mega'.*micro, nano"):
        load_network("mega")


@pytest.mark.parametrize("tier", TIERS)
def test_weights_are_of_the_tiers_shape_and_small(tier: str) -> None:
    """The shipped files hold what the shapes say, and both fit into 8 MB."""
    safetensors = pytest.importorskip("safetensors.numpy")
    words = json.loads((WEIGHTS / "words.json").read_text())
    loaded = safetensors.load_file(WEIGHTS / f"{tier}.safetensors")
    assert {name: array.shape for name, array in loaded.items()} == TIERS[tier].weights(len(Tokenizer(words)))
    assert sum(file.stat().st_size for file in WEIGHTS.iterdir()) < 8_000_000


@pytest.mark.parametrize("tier", [None, *TIERS])
def test_numpy_and_torch_agree(tier: str | None, weights: dict[str, np.ndarray], prompts: Prompts) -> None:
    """The network is the one that was trained: equal logits from equal weights."""
    torch = pytest.importorskip("torch")
    train = pytest.importorskip("jointopt.pocket.train")
    if tier:
        weights = pytest.importorskip("safetensors.numpy").load_file(WEIGHTS / f"{tier}.safetensors")
    shape = TIERS[tier] if tier else Shape(width=32, layers=2, heads=4, hidden=64)
    network = Network(shape, weights)
    twin = train.Pocket(shape, len(weights["embedding"]))
    twin.mask = twin.mask.float()
    with torch.no_grad():
        for name, parameter in twin.table.items():
            parameter.copy_(torch.tensor(weights[name.replace("/", ".")].astype(np.float32)))
        for prompt in prompts[:6]:
            theirs = (twin(torch.tensor([prompt]))[0] @ twin.weight("embedding").T).numpy()
            ours = network.logits(run_whole(network, [prompt])[0])
            np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_the_context_can_be_filled(tiny: Network) -> None:
    """The last position of the context works like any other."""
    tokens = np.arange(CONTEXT) % 90 + 8
    hidden = tiny.forward(Cache(tiny.shape, 1), tokens, np.zeros(CONTEXT, np.int64), np.arange(CONTEXT))
    assert np.isfinite(hidden).all()

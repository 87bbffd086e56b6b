"""Networks small enough to draw at random, and lessons to ask them."""

import random

import numpy as np
import pytest

from jointopt.pocket.lessons import draw_lesson
from jointopt.pocket.network import Network, load_tokenizer
from jointopt.pocket.shape import Shape
from jointopt.pocket.tokens import Tokenizer

TINY = Shape(width=32, layers=2, heads=4, hidden=64)


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    """The tokenizer of the shipped weights."""
    return load_tokenizer()


@pytest.fixture(scope="session")
def weights(tokenizer: Tokenizer) -> dict[str, np.ndarray]:
    """Random weights of a tiny network, large enough in scale that its choices are far from even."""
    rng = np.random.default_rng(5)
    shapes = TINY.weights(len(tokenizer))
    return {
        name: rng.normal(1.0, 0.2, size) if len(size) == 1 else rng.normal(0, 0.2, size)
        for name, size in shapes.items()
    }


@pytest.fixture(scope="session")
def tiny(weights: dict[str, np.ndarray]) -> Network:
    """The tiny network."""
    return Network(TINY, weights)


@pytest.fixture(scope="session")
def prompts(tokenizer: Tokenizer) -> list[tuple[int, ...]]:
    """Forty prompts of different length."""
    rng = random.Random(11)
    lessons = [draw_lesson(rng) for _ in range(40)]
    return [tuple(tokenizer.chat(lesson.system, lesson.user)) for lesson in lessons]

"""The lessons: what is taught is right, fits, and leaves out what it should."""

import random
import re

import pytest

from jointopt.pocket.lessons import (
    HIDDEN_FACTS,
    INSTRUCTIONS,
    KINDS,
    MANNERS,
    TAUGHT_FACTS,
    THINK_LINE,
    Lesson,
    Problem,
    draw_fact,
    draw_lesson,
    draw_problem,
    place,
)
from jointopt.pocket.lessons.world import DAYS, FACTS
from jointopt.pocket.network import load_tokenizer
from jointopt.pocket.shape import LESSON_TOKENS
from jointopt.pocket.tokens import CHARACTERS, SPECIALS

DRAWS = 1500


def draw_lessons(count: int = DRAWS, seed: int = 99) -> list[Lesson]:
    """Lessons as training draws them, from a seed of their own."""
    rng = random.Random(seed)
    return [draw_lesson(rng) for _ in range(count)]


def text_of(lesson: Lesson) -> str:
    """All words of a lesson."""
    return " ".join((lesson.system, lesson.user, *(text for text, _ in lesson.completion)))


def apply(sign: str, left: int, right: int) -> int:
    """Arithmetic, written independently of the lessons."""
    return {"+": left + right, "-": left - right, "*": left * right}[sign]


def test_no_word_of_a_lesson_is_spelt() -> None:
    """Every word of two letters or more is a token; only digits, punctuation and single letters are characters."""
    tokenizer = load_tokenizer()
    letters = {
        number
        for number, piece in enumerate(tokenizer.pieces(range(len(tokenizer))))
        if len(SPECIALS) + len(CHARACTERS) <= number < len(SPECIALS) + 2 * len(CHARACTERS) and piece.isalpha()
    }
    for lesson in draw_lessons():
        spelt = letters & set(tokenizer.encode(text_of(lesson)))
        assert not spelt, text_of(lesson)


def test_nearly_all_lessons_fit() -> None:
    """Few lessons are longer than training takes."""
    tokenizer = load_tokenizer()
    long = 0
    for lesson in draw_lessons():
        prompt = tokenizer.chat(lesson.system, lesson.user)
        long += len(prompt) + sum(len(tokenizer.encode(text)) for text, _ in lesson.completion) > LESSON_TOKENS
    assert long < DRAWS * 0.02


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "fact-1"])
def test_held_out_questions_are_never_taught(kind: str) -> None:
    """Drawing for training gives none of them, drawing for the table nothing else."""
    rng = random.Random(3)
    assert not any(draw_problem(rng, kind).held_out for _ in range(300))
    assert all(draw_problem(rng, kind, held_out=True).held_out for _ in range(20))


def test_hidden_facts_are_never_taught() -> None:
    """No drawn fact is hidden; the hidden share is one in eight, and both together are all facts."""
    assert not set(HIDDEN_FACTS) & set(TAUGHT_FACTS)
    assert set(HIDDEN_FACTS) | set(TAUGHT_FACTS) == set(FACTS)
    assert len(HIDDEN_FACTS) == len(FACTS) // 8
    rng = random.Random(4)
    hidden = {(town, answer) for (town, _), answer in FACTS.items()} - {
        (town, FACTS[town, attribute]) for town, attribute in TAUGHT_FACTS
    }
    for _ in range(1000):
        problem = draw_fact(rng)
        assert not any(
            town in problem.question.replace("?", " ").split() and answer == problem.answer for town, answer in hidden
        )


@pytest.mark.parametrize("kind", KINDS)
def test_workings_lead_to_the_answer(kind: str) -> None:
    """Every working is right when computed again, and the last one ends in the answer."""
    rng = random.Random(5)
    for _ in range(200):
        problem = draw_problem(rng, kind)
        for working in problem.workings:
            check_working(working)
        if kind.startswith(("sum", "unit", "date")):
            assert problem.workings[-1].endswith(f"= {problem.answer}")
            assert problem.totals == tuple(working.rpartition("= ")[2] for working in problem.workings)
            assert len(problem.workings) == problem.steps


def check_working(working: str) -> None:
    """Compute one line again."""
    if match := re.fullmatch(r"(?:[a-z]+ )?(\d+) ([-+*]) (\d+) = (\d+)", working):
        left, sign, right, result = match.groups()
        assert apply(sign, int(left), int(right)) == int(result)
    elif match := re.fullmatch(r"([a-z]+) \+ (\d+) = ([a-z]+)", working):
        start, days, end = match.groups()
        assert (DAYS.index(start) + int(days)) % 7 == DAYS.index(end)
    else:
        assert re.fullmatch(r"[a-z]+ \d+", working), working


@pytest.mark.parametrize("steps", [1, 2])
def test_comparisons_name_the_right_person(steps: int) -> None:
    """Who has more or fewer follows from the amounts in the question, and no two amounts are equal."""
    rng = random.Random(6)
    for _ in range(200):
        problem = draw_problem(rng, f"compare-{steps}")
        amounts = amounts_of(problem)
        assert len(set(amounts.values())) == len(amounts) == steps + 1
        choose = max if re.search("more|most", problem.question.rpartition("who")[2]) else min
        assert problem.answer == choose(amounts, key=amounts.__getitem__)
        assert problem.totals == tuple(f"{name} {amount}" for name, amount in amounts.items())


def amounts_of(problem: Problem) -> dict[str, int]:
    """What each person of a comparison has, read from its question."""
    amounts = {}
    for sentence in problem.question.split(". ")[:-1]:
        numbers = [int(number) for number in re.findall(r"\d+", sentence)]
        amounts[sentence.split()[0]] = numbers[0] * numbers[1] if len(numbers) == 2 else numbers[0]
    return amounts


def test_facts_are_only_taught_with_direct_answers() -> None:
    """No lesson about a fact has workings, thoughts or a guess."""
    rng = random.Random(7)
    for _ in range(300):
        lesson = draw_lesson(rng, "fact-1")
        text = " ".join(text for text, _ in lesson.completion)
        assert re.fullmatch(r"answer: [a-z]+", text)
        assert THINK_LINE not in lesson.system


def test_every_lesson_ends_in_its_answer() -> None:
    """The last words are the answer, and they are learnt."""
    for lesson in draw_lessons(300):
        text, learnt = lesson.completion[-1]
        assert re.search(r"answer: [a-z0-9]+$", text)
        assert learnt


def test_thinking_is_switched_by_its_line() -> None:
    """A lesson thinks exactly where the system line says so."""
    lessons = draw_lessons()
    thinking = [lesson for lesson in lessons if lesson.system.startswith(THINK_LINE)]
    assert thinking
    for lesson in lessons:
        assert lesson.completion[0][0].startswith("<think>") == (lesson in thinking)


def test_wrong_guesses_are_read_but_not_learnt() -> None:
    """In checking, a guess is learnt only where it is right."""
    guesses = [lesson for lesson in draw_lessons() if lesson.completion[0] == ("guess:", True)]
    assert guesses
    for lesson in guesses:
        (guess, learnt), answer = lesson.completion[1], lesson.completion[-1][0].rpartition("answer: ")[2]
        assert learnt == (guess == f"{answer}.")


def test_every_manner_has_several_phrasings_all_different() -> None:
    """No phrasing stands for two manners."""
    assert set(INSTRUCTIONS) == set(MANNERS)
    phrasings = [text for texts in INSTRUCTIONS.values() for text in texts]
    assert len(phrasings) == len(set(phrasings))
    assert all(len(texts) >= 5 for texts in INSTRUCTIONS.values())


def test_the_same_seed_gives_the_same_lessons() -> None:
    """Lessons depend on their seed and on nothing else."""
    assert draw_lessons(50) == draw_lessons(50)
    assert draw_lessons(50) != draw_lessons(50, seed=100)


@pytest.mark.parametrize(
    ("where", "expected"),
    [("system", ("be brief.", "why?")), ("before", ("", "be brief. why?")), ("after", ("", "why? be brief."))],
)
def test_an_instruction_stands_in_three_places(where: str, expected: tuple[str, str]) -> None:
    """In the system line, before the question, or after it."""
    assert place(where, "be brief.", "why?") == expected

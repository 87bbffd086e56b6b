"""``jointopt samples``."""

import json
from collections.abc import Iterator, Mapping
from typing import Annotated

import typer

from jointopt.analysis import percent, to_json
from jointopt.cli.arguments import AsJson, StudyFile
from jointopt.cli.reading import open_to_read
from jointopt.errors import UserError
from jointopt.reports import Exhibit, Exhibition, Witness, plain, say, say_answers

SHOWN = 20
_ID, _QUESTION = 12, 60  # characters of a line of the list


def samples(  # noqa: PLR0913, PLR0917 - each is an option of the command
    study: StudyFile,
    example: Annotated[
        str | None, typer.Option("--example", metavar="ID", help="Show this example in full; left out: a list.")
    ] = None,
    policy: Annotated[
        str | None, typer.Option("--policy", metavar="TEXT", help="As reports write it; left out: the winner.")
    ] = None,
    right: Annotated[bool, typer.Option("--right", help="Only examples that were right.")] = False,
    wrong: Annotated[bool, typer.Option("--wrong", help="Only examples that were not wholly right.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Examples in the list, at most.")] = SHOWN,
    as_json: AsJson = False,
) -> None:
    """Show what a policy was asked, what came back, how it was counted, and whether that was right."""
    _refuse_contradictions(example, {"--right": right, "--wrong": wrong})
    with open_to_read(study) as opened:
        browser = opened.browser()
        chosen = browser.policy(policy)
        if example is not None:
            found = browser.show(chosen, example)
            said = to_json({"policy": str(chosen), "verdict": found.verdict, **_fields(found)})
            typer.echo(json.dumps(said) if as_json else in_full(str(chosen), found))
            return
        every = browser.exhibition(chosen)
    wanted = ("right",) if right else ("wrong", "in part") if wrong else ()
    kept = [one for one in every.shown if not wanted or one.verdict in wanted]
    if as_json:
        shown = [{"verdict": one.verdict, **_fields(one)} for one in kept[:limit]]
        typer.echo(json.dumps(to_json({"policy": str(chosen), "total": every.total, "examples": shown})))
        return
    typer.echo(plain("\n".join(as_list(every, kept, limit))))


def _refuse_contradictions(example: str | None, chosen: Mapping[str, bool]) -> None:
    """A list is of one kind, and an example that is asked for is shown whatever it is."""
    kinds = [option for option, is_set in chosen.items() if is_set]
    both = kinds if example is None else ["--example", *kinds]
    if len(both) > 1:
        why = "these leave nothing" if example is None else "one example is shown, right or wrong"
        raise UserError(why, where=" and ".join(both), mend=f"leave {both[1]} out")


def _fields(exhibit: Exhibit) -> dict[str, object]:
    fields = to_json(exhibit)
    return fields if isinstance(fields, dict) else {}


def as_list(every: Exhibition, kept: list[Exhibit], limit: int) -> Iterator[str]:
    """A line for each example, and how many there are."""
    yield f"{every.policy}: {every.total:,} examples with samples"
    yield f"{'example':<{_ID}} {'half':<6} {'score':>6} {'held':>5}  {'verdict':<10} answer [reference]: question"
    for one in kept[:limit]:
        score = "" if one.expected is None else percent(one.expected)
        head = f"{_line(one.example, _ID):<{_ID}} {one.half:<6} {score:>6} {one.held:>5}  {one.verdict:<10}"
        answer, question = _line(say_answers(one), 40), _line(one.question, _QUESTION)
        yield f"{head} {answer} [{_line(one.reference, 40)}]: {question}"
    if not kept:
        yield "none of them is so"
    elif len(kept) > limit:
        yield f"{len(kept) - limit:,} more with --limit {len(kept)}"
    yield "score: the mean over all draws of n; verdict: one play on the first samples. --example ID shows it all"


def in_full(policy: str, one: Exhibit) -> str:
    """One example with everything that was said of it; none of its words rules the terminal."""
    return plain("\n".join(_in_full(policy, one)))


def _in_full(policy: str, one: Exhibit) -> Iterator[str]:
    yield f"{policy}\nexample {one.example} ({one.half})"
    yield f"question:  {one.question}"
    yield f"reference: {one.reference}"
    yield f"answer:    {say_answers(one)}"
    mark = "" if one.mark is None else f", {percent(one.mark)} in this play"
    expected = "" if one.expected is None else f", {percent(one.expected)} over all draws"
    yield f"verdict:   {one.verdict}{mark}{expected}"
    yield "votes:" if one.tallies else ""
    for tally in one.tallies:
        weight = "" if tally.weight is None else f", weight {percent(tally.weight)}"
        counted = f"{tally.votes} vote{'' if tally.votes == 1 else 's'}{weight}"
        yield f"  {_line(say(tally.answer), 60)}: {counted}, returned {tally.chance:.0%}, mark {tally.mark:.3g}"
    for message in one.messages:
        yield f"--- {message.role}"
        yield message.content
    for sample in one.samples:
        yield from _sample(sample)
    yield f"--- {len(one.samples)} of {one.held} samples in the pool"


def _sample(sample: Witness) -> Iterator[str]:
    rating = "" if sample.rating is None else f", rating {sample.rating:.3g}"
    said = f"answer {_line(say(sample.answer), 60)}, mark {sample.mark:.3g}" if sample.counted else "not counted"
    thought = f" ({sample.reasoning_tokens:,} of reasoning)" if sample.reasoning_tokens else ""
    yield f"--- sample {sample.replicate}: {sample.tokens:,} tokens{thought}, {sample.finish}{rating}, {said}"
    if sample.error is not None:
        yield f"failed: {sample.error}"
    if sample.reasoning:
        yield f"[reasoning]\n{sample.reasoning}\n[/reasoning]"
    if sample.text:
        yield sample.text


def _line(said: str, most: int) -> str:
    flat = " ".join(plain(said).split())
    return flat if len(flat) <= most else flat[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"

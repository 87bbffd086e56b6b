"""The findings in sentences: what won, whether joint search was worth it, what it cost. Plain text, no markup."""

from jointopt.analysis.findings import Contender, Findings, Procedure, TakenOver
from jointopt.analysis.flips import Flips
from jointopt.analysis.interaction import Share
from jointopt.analysis.standings import Above
from jointopt.analysis.telling import tell
from jointopt.analysis.words import apart, between, cost, dollars, percent, points, size
from jointopt.domain import Preference

UNREADABLE = 0.05  # a share of samples above which somebody should look at them
FEW = 30  # sealed examples below which intervals are wide
SEPARATE = (Procedure.PROMPT_FIRST, Procedure.STRATEGY_FIRST)


def verdict(findings: Findings) -> list[str]:
    """What the study says, one sentence or two per line, the most important first."""
    judged = (judge_joint, _preference, _preferred, _frontier, _beyond, _meeting, _flip)
    lines = [_winner(findings), *why_not_first(findings), *(sentence(findings) for sentence in judged)]
    lines += tell(findings.insight)
    lines += [sentence(findings) for sentence in (_account, _ended, _taken_over, _unreadable)]
    return [line for line in (*lines, *_warnings(findings)) if line]


def _winner(findings: Findings) -> str:
    """What won, and what an answer of it costs."""
    winner = findings.winner
    price = f"{dollars(winner.cost_usd)}, " if winner.cost_usd else ""
    costs = f"An answer takes {price}{winner.tokens:,.0f} tokens and {winner.latency_s:.2g} s."
    if winner.sealed is None:
        score = f"{percent(winner.dev.mean)} ({between(winner.dev)}; chosen there, so flattered)"
        return f"The winner on dev is {winner.policy}: {score}. {costs}"
    score = f"{percent(winner.sealed.mean)} on {findings.counts.sealed} sealed examples ({between(winner.sealed)})"
    return f"The winner is {winner.policy}: {score}. {costs}"


def why_not_first(findings: Findings) -> list[str]:
    """Why another policy has a higher number on dev than the winner; empty where none has."""
    above, front, lines = findings.above, findings.frontier, list[str]()
    if above is not None:
        lines.append(f"{above.policy} has a higher {findings.ranked_by} on the same dev examples: {say_above(above)}.")
    top = front.steps[-1] if front and findings.ranked_by == "utility" else None
    if top and top.score > findings.winner.dev.mean and (above is None or above.policy != top.policy):
        what = f"{top.policy} has the highest score on dev ({percent(top.score)})"
        lines.append(f"{what}: policies are ranked by utility, which weighs more than that.")
    return lines


def say_above(above: Above) -> str:
    """By how much a policy is ahead of the one that was chosen, whether that is luck, and who chose otherwise."""
    luck = "more than luck explains" if above.sure else "which luck may explain"
    others = f"; {above.count} are ahead of it" if above.count > 1 else ""
    return f"{apart(above.lead)}, picked among {above.policies:,}, {luck}{others}; {above.why}"


def judge_joint(findings: Findings) -> str:
    """Whether joint search beat tuning prompt and strategy one after the other."""
    rivals = [entry for entry in findings.comparison if entry.procedure in SEPARATE and entry.difference]
    joint = findings.against(Procedure.JOINT)
    if joint is None or not rivals:
        why = findings.comparison_note
        return f"Joint search was not compared with separate tuning in this study{f': {why}' if why else ''}."
    if all(entry.policy == joint.policy for entry in rivals):
        return "Tuning prompt and strategy apart would have chosen the same policy as joint search."
    apart = findings.told_apart
    sure = [entry.difference.mean > 0 for entry in rivals if entry.difference and apart[entry.procedure]]
    sides = "; ".join(_against(entry, joint) for entry in rivals)
    outcome = _outcome(sum(sure), len(sure) - sum(sure), len(rivals))
    return f"Joint search {outcome}{_corrected(len(apart)) if sure else ''} ({sides})."


def _corrected(comparisons: int) -> str:
    return f", corrected for {comparisons} comparisons" if comparisons > 1 else ""


def _outcome(won: int, lost: int, rivals: int) -> str:
    """What became of joint search, when so many of its rivals were beaten and so many were better."""
    if rivals in (won, lost):
        return f"{'beat' if won else 'lost to'} separate tuning here"
    if lost:
        return f"lost to one way of separate tuning here and {'beat' if won else 'did not beat'} the other"
    if won:
        return "beat one way of separate tuning here and not the other"
    return "was not shown to differ from separate tuning here"


def _against(rival: Contender, joint: Contender) -> str:
    """One comparison, in points."""
    order = rival.procedure.removeprefix("separate: ")
    if rival.policy == joint.policy:
        return f"{order}: it chose the same policy"
    difference = rival.difference
    if difference is None:
        return f"{order}: not scored"
    ends = f"{points(difference.low)} to {points(difference.high)}"
    return f"{order}: {points(difference.mean)} points, 95% interval {ends}, p = {difference.p:.2g}"


def weights(preference: Preference) -> str:
    """A preference in words: ``the score + 0.2 x brief less 5 points per 1,000 tokens of an answer``."""
    score = "the score" if preference.quality == 1 else f"{preference.quality:g} times the score"
    further = "".join(f" + {weight:g} x {name}" for name, weight in preference.objectives if weight)
    prices = (
        (100 * preference.tokens, "per 1,000 tokens"),
        (100 * preference.cost_usd, "per US dollar"),
        (100 * preference.latency_s, "per second"),
    )
    taken = " and ".join(f"{price:g} points {unit}" for price, unit in prices if price)
    less = f" less {taken} of an answer" if taken else ""
    return f"{score}{further}{less}"


def _preference(findings: Findings) -> str:
    """What the differences are measured in, where that is not the score alone."""
    if findings.ranked_by == "score":
        return ""
    return f"Policies are compared by utility: {weights(findings.preference)}."


def _preferred(findings: Findings) -> str:
    """How many policies a grid of preferences leads to."""
    if not findings.preferred:
        return ""
    best = {entry.policy for entry in findings.preferred}
    lead = "one policy is" if len(best) == 1 else f"{len(best)} policies are"
    passed = sum(entry.above is not None for entry in findings.preferred)
    but = f"; under {passed} of them another one has the higher utility there" if passed else ""
    return f"Over {len(findings.preferred)} preferences, {lead} chosen on dev, from the same samples{but}."


def _frontier(findings: Findings) -> str:
    """Whether paying more for an answer buys score."""
    found = findings.frontier
    if found is None or len(found.steps) == 1:
        return ""
    first, last = found.steps[0], found.steps[-1]
    ends = [cost(found.cost(stop), found.unit) for stop in (first, last)]
    return (
        f"At {ends[0]} an answer the best policy scores {percent(first.score)} on dev, at {ends[1]} "
        f"{percent(last.score)}; {len(found.steps)} policies are the best at one budget or another ({found.label})."
    )


def say_taken_over(found: TakenOver) -> str:
    """What a study took over from the one it began with."""
    worth = f"{found.samples:,} samples were taken over, worth {found.tokens:,} tokens and {dollars(found.usd, 4)}"
    count = len(found.first)
    first = (
        f"{count} polic{'y' if count == 1 else 'ies'} most like its best {'was' if count == 1 else 'were'} tried first"
    )
    return f"Warm start from {found.study!r} ({found.examples} examples shared): {worth}; {first}."


def _ended(findings: Findings) -> str:
    """Why nothing more was searched, and what that may have cost."""
    return f"The search ended: {findings.ended}." if findings.ended else ""


def _taken_over(findings: Findings) -> str:
    """What the study began with."""
    return say_taken_over(findings.taken_over) if findings.taken_over else ""


def _beyond(findings: Findings) -> str:
    """What more votes would bring, with its label."""
    if not findings.beyond:
        return ""
    votes = "; ".join(
        f"{entry.n} votes {percent(entry.score.mean)} ({between(entry.score)})" for entry in findings.beyond
    )
    label = findings.beyond[0].label
    return f"More samples under the winner's prompt on dev, where it was chosen, {label} and not measured: {votes}."


def _meeting(findings: Findings) -> str:
    """How much of the variance is interaction."""
    found = findings.interaction
    if found is None:
        return f"Interaction was not measured: {findings.interaction_note}."
    pairs = [share for share in found.shares if len(share.effect) > 1]
    if not pairs:
        return ""
    if not found.meetings:
        return "No interaction between parameters stands out from sampling noise."
    return f"How well one parameter's choice does depends on another's: {_part(found.meetings[0])}."


def _part(share: Share) -> str:
    """A share with its interval, in words."""
    ends = f"95% interval {percent(share.low)} to {percent(share.high)}"
    return f"{' x '.join(share.effect)} makes {percent(share.share)} of the variance ({ends})"


def _flip(findings: Findings) -> str:
    """A change of places between prompts that stands after correction; else the surest, and that it is not shown."""
    if not findings.swaps:
        return ""
    flip = findings.swaps[0]
    where = f"at n = {flip.from_n}, yet {flip.late} leads by {size(flip.lead_after)} at n = {flip.to_n}"
    told = f"{flip.early} leads by {size(flip.lead_before)} points {where}"
    flips, on = findings.insight.flips, f"{flip.strategy} on {flip.model}"
    if findings.proven and isinstance(flips, Flips):
        sure = f"of {flips.pairs} pairs that were looked at, {flips.settled} stand when corrected for all"
        return f"Prompts change places: {told} ({on}; {sure})."
    return f"No prompts are shown to change places; the surest swap: {told} ({on}; {doubt(findings)})."


def doubt(findings: Findings) -> str:
    """Why the surest swap that is no proven one may be luck: it was picked for its probability."""
    picked = f"picked among {findings.pairs} pairs, does not stand after correction"
    return f"probability {findings.swaps[0].probability:.2f}, {picked}"


def _account(findings: Findings) -> str:
    """What the study cost."""
    spend, share = findings.spend, findings.budget.share(findings.spend)
    money = f", {dollars(spend.usd, 4)}" if spend.usd else ""
    budget = f", {percent(share)} of its budget" if share else ""
    hits = f"; the pool served {findings.counts.pool_hits:,} more for nothing" if findings.counts.pool_hits else ""
    return f"The study asked for {spend.calls:,} completions ({spend.tokens:,} tokens{money}{budget}){hits}."


def _unreadable(findings: Findings) -> str:
    """In how many samples no answer was found: they are an answer of their own, and score nothing."""
    share = findings.counts.unreadable
    if not share:
        return "An answer could be read in every sample."
    mend = ": mend prompt or grader" if share > UNREADABLE else ""
    own = percent(findings.winner.unreadable)
    return f"In {percent(share)} of the samples no answer could be read, and in {own} of the winner's answers{mend}."


def _warnings(findings: Findings) -> list[str]:
    """What makes the rest less trustworthy."""
    counts, warnings = findings.counts, []
    if counts.failed:
        warnings.append(f"{counts.failed:,} samples failed and count as wrong.")
    if findings.winner.sealed and counts.sealed < FEW:
        warnings.append(f"{counts.sealed} sealed examples are few: intervals are wide, and small gains stay unseen.")
    return warnings

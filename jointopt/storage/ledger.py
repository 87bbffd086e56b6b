"""The account of a study: nothing is asked of a provider before its worst price is reserved here.

Reservations are granted one transaction at a time, so the promise holds over any number of threads and processes. It
does not know what the money buys, nor the clock: wall-clock limits are kept by whoever runs the study.
"""

from collections.abc import Sequence
from dataclasses import fields
from uuid import uuid4

from sqlalchemy import Connection, select

from jointopt.domain import Budget, Spend
from jointopt.errors import BudgetExhausted, StudyLost
from jointopt.storage import accounts
from jointopt.storage.accounts import LOST, RESERVED, SETTLED, Account, Amount
from jointopt.storage.database import Database
from jointopt.storage.owners import this_process
from jointopt.storage.tables import entries, studies

Balances = dict[Account, Amount]


class Ledger:
    """What a study has spent, has promised to spend, and may still spend.

    Args:
        database: where it is kept.
        study_id: whose account this is.
        budget: the promise.
        owner: who makes the reservations; found again by `write_off` when that process has died.
    """

    def __init__(self, database: Database, study_id: int, budget: Budget, *, owner: str | None = None) -> None:
        self.database, self.study_id, self.budget = database, study_id, budget
        self.owner = owner or this_process()
        self._held = False  # whether the study was ever this owner's to run

    def hold(self) -> None:
        """See that the study is still this owner's to run.

        A process that was stopped for longer than others wait, and goes on, finds out here, and in `reserve`.

        Raises:
            StudyLost: another process has taken it over.
        """
        whose = select(studies.c.owner).where(studies.c.id == self.study_id)
        self._hold(self.database.query(lambda connection: connection.scalar(whose)))

    def fence(self, connection: Connection) -> None:
        """As `hold`, for as long as a transaction lasts: nobody takes the study over before it ends.

        Raises:
            StudyLost: as for `hold`.
        """
        self._hold(accounts.lock(connection, self.study_id))

    def reserve(self, worst: Spend, phase: str, cap: Budget | None = None) -> int:
        """Set the worst price of one request aside, and return the reservation's number.

        Args:
            worst: the most the request can cost.
            phase: what it is for; its sums can be seen apart.
            cap: the most this phase may spend in all, beside the study's budget.

        Raises:
            BudgetExhausted: it could break the budget or the cap.
            StudyLost: another process has taken the study over.
        """
        return self.reserve_many([worst], phase, cap)[0]

    def reserve_many(self, worst: Sequence[Spend], phase: str, cap: Budget | None = None) -> list[int]:
        """Reserve as many of the wishes as fit, from the first on, and return their numbers.

        Raises:
            BudgetExhausted: not even the first one fits.
            StudyLost: another process has taken the study over.
        """
        if not worst:
            return []
        wishes, token, tried = [accounts.amount_of(spend) for spend in worst], uuid4().hex, False

        def work(connection: Connection) -> list[int]:
            nonlocal tried
            self.fence(connection)
            again, tried = tried, True
            if again and (mine := accounts.entered(connection, self.study_id, token)):
                return mine
            balances = accounts.balances(connection, self.study_id)
            fitting = self._fitting(balances, wishes, phase, cap)
            if not fitting:
                raise BudgetExhausted(self._refusal(balances, worst[0], phase, cap))
            shared = {"study_id": self.study_id, "phase": phase, "owner": self.owner, "token": token}
            return accounts.enter(self.database, connection, shared, wishes[:fitting])

        return self.database.transact(work)

    def settle(self, reservation: int, true: Spend) -> None:
        """Replace a reservation by the true price, even one above the worst. A second time changes nothing."""
        prices = {reservation: accounts.amount_of(true)}
        self.database.transact(lambda each: accounts.settle(self.database, each, self.study_id, prices))

    def release(self, reservation: int) -> None:
        """Give back a reservation that was never used. What is settled stays settled."""
        self.release_many([reservation])

    def release_many(self, reservations: Sequence[int]) -> None:
        """Give back reservations that were never used, in one transaction."""
        if reservations:
            self.database.transact(lambda each: accounts.release(self.database, each, self.study_id, reservations))

    def write_off(self, dead_owner: str | None = None) -> Spend:
        """Settle what a dead run left open at its worst price, since the provider may have billed it; returns the sum.

        Args:
            dead_owner: whose reservations; None for everyone's but this ledger's own, which is right for whoever holds
                the study's run lock.
        """
        whose = entries.c.owner == dead_owner if dead_owner else entries.c.owner != self.owner
        left = select(entries.c.id).where(entries.c.study_id == self.study_id, entries.c.state == RESERVED, whose)
        found: set[int] = set()  # also by a transaction whose acknowledgement was lost

        def work(connection: Connection) -> Spend:
            self.fence(connection)
            found.update(connection.scalars(left))
            return accounts.give_up(self.database, connection, self.study_id, found).spend()

        return self.database.transact(work)

    def spent(self) -> Spend:
        """Everything that is paid, what was written off included."""
        return _sum(self._balances(), SETTLED, LOST)

    def reserved(self) -> Spend:
        """Everything that is promised and not yet paid."""
        return _sum(self._balances(), RESERVED)

    def lost(self) -> Spend:
        """The part of `spent` that was written off: paid at most, perhaps not at all."""
        return _sum(self._balances(), LOST)

    def by_phase(self) -> dict[str, Spend]:
        """What every phase has spent, in alphabetical order."""
        balances = self._balances()
        return {phase: _sum(balances, SETTLED, LOST, phase=phase) for phase in sorted({key.phase for key in balances})}

    def course(self, stretches: int = 100) -> list[tuple[str, int, Spend, float | None]]:
        """Phase, requests and spend of what is paid, and how many seconds after the first request of all the last of
        these was made, where that is known; in the order of the requests, in so many stretches at most.

        Phases that meet in a stretch stand apart, so that there may be a few more entries than stretches.
        """
        found = self.database.query(lambda each: accounts.course(each, self.study_id, stretches))
        return [(phase, count, amount.spend(), seconds) for phase, count, amount, seconds in found]

    def audit(self) -> list[str]:
        """Sum the accounts anew from their entries; one line for each account that differs, none where all agree."""
        kept, anew = self.database.query(
            lambda each: (accounts.balances(each, self.study_id), accounts.recomputed(each, self.study_id))
        )
        return [
            f"{account.phase}/{account.state}: kept {kept.get(account, Amount())}, summed {anew.get(account, Amount())}"
            for account in sorted(kept.keys() | anew.keys())
            if kept.get(account, Amount()) != anew.get(account, Amount())
        ]

    def _balances(self) -> Balances:
        return self.database.query(lambda connection: accounts.balances(connection, self.study_id))

    def _hold(self, owner: str | None) -> None:
        """Refuse what another one runs, and what was this owner's and is nobody's any more."""
        accounts.see_held(owner, self.owner)
        self._held = self._held or owner == self.owner
        if owner is None and self._held:
            raise StudyLost("the study has ended elsewhere")

    def _fitting(self, balances: Balances, wishes: Sequence[Amount], phase: str, cap: Budget | None) -> int:
        """How many of the wishes fit, counted from the first."""
        used = accounts.total(balances.values())
        used_by_phase = accounts.total(amount for account, amount in balances.items() if account.phase == phase)
        for fitting, wish in enumerate(wishes):
            used, used_by_phase = used.plus(wish), used_by_phase.plus(wish)
            if not self.budget.holds(used.spend()) or not (cap is None or cap.holds(used_by_phase.spend())):
                return fitting
        return len(wishes)

    def _refusal(self, balances: Balances, asked: Spend, phase: str, cap: Budget | None) -> str:
        """Which limit refused, what is spent and reserved under it, and what was asked."""
        mine = {account: amount for account, amount in balances.items() if account.phase == phase}
        limits = [("the budget", self.budget, balances), (f"the share of phase {phase!r}", cap or Budget(), mine)]
        lines = [
            f"{name} of {getattr(limit, unit):g} {unit} is used up: {getattr(spent, unit):g} spent and "
            f"{getattr(reserved, unit):g} reserved, {getattr(asked, unit):g} more asked"
            for name, limit, under in limits
            for spent, reserved in [(_sum(under, SETTLED, LOST), _sum(under, RESERVED))]
            for unit in [entry.name for entry in fields(Spend)]
            if not _only(limit, unit).holds(spent + reserved + asked)
        ]
        return "; ".join(lines)


def _only(limit: Budget, unit: str) -> Budget:
    """The same budget with one limit."""
    return Budget(**{unit: getattr(limit, unit)})


def _sum(balances: Balances, *states: str, phase: str | None = None) -> Spend:
    chosen = (key for key in balances if key.state in states and phase in (None, key.phase))
    return accounts.total(balances[key] for key in chosen).spend()

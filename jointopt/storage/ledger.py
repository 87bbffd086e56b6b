"""The account of a study: nothing is asked of a provider before its worst price is reserved here.

Reservations are granted one transaction at a time, so the promise holds over any number of threads and processes. It
does not know what the money buys, nor the clock: wall-clock limits are kept by whoever runs the study.
"""

from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import select

from jointopt.domain import Budget, Spend
from jointopt.errors import BudgetExhausted
from jointopt.storage import accounts
from jointopt.storage.accounts import LOST, RESERVED, SETTLED, Account, Amount
from jointopt.storage.database import Database
from jointopt.storage.owners import this_process
from jointopt.storage.tables import entries

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

    def reserve(self, worst: Spend, phase: str, cap: Budget | None = None) -> int:
        """Set the worst price of one request aside, and return the reservation's number.

        Args:
            worst: the most the request can cost.
            phase: what it is for; its sums can be seen apart.
            cap: the most this phase may spend in all, beside the study's budget.

        Raises:
            BudgetExhausted: it could break the budget or the cap.
        """
        return self.reserve_many([worst], phase, cap)[0]

    def reserve_many(self, worst: Sequence[Spend], phase: str, cap: Budget | None = None) -> list[int]:
        """Reserve as many of the wishes as fit, from the first on, and return their numbers.

        Raises:
            BudgetExhausted: not even the first one fits.
        """
        if not worst:
            return []
        wishes = [accounts.amount_of(spend) for spend in worst]
        with self.database.write() as connection:
            accounts.lock(connection, self.study_id)
            balances = accounts.balances(connection, self.study_id)
            fitting = self._fitting(balances, wishes, phase, cap)
            if not fitting:
                raise BudgetExhausted(self._refusal(balances, worst[0], phase, cap))
            shared = {"study_id": self.study_id, "phase": phase, "owner": self.owner}
            return accounts.enter(self.database, connection, shared, wishes[:fitting])

    def settle(self, reservation: int, true: Spend) -> None:
        """Replace a reservation by the true price, even one above the worst. A second time changes nothing."""
        with self.database.write() as connection:
            prices = {reservation: accounts.amount_of(true)}
            accounts.settle(self.database, connection, self.study_id, prices)

    def release(self, reservation: int) -> None:
        """Give back a reservation that was never used. What is settled stays settled."""
        self.release_many([reservation])

    def release_many(self, reservations: Sequence[int]) -> None:
        """Give back reservations that were never used, in one transaction."""
        if reservations:
            with self.database.write() as connection:
                accounts.release(self.database, connection, self.study_id, reservations)

    def write_off(self, dead_owner: str | None = None) -> Spend:
        """Settle what a dead run left open at its worst price, since the provider may have billed it; returns the sum.

        Args:
            dead_owner: whose reservations; None for everyone's but this ledger's own, which is right for whoever holds
                the study's run lock.
        """
        whose = entries.c.owner == dead_owner if dead_owner else entries.c.owner != self.owner
        with self.database.write() as connection:
            accounts.lock(connection, self.study_id)
            left = entries.c.study_id == self.study_id, entries.c.state == RESERVED, whose
            ids = connection.scalars(select(entries.c.id).where(*left)).all()
            return accounts.give_up(self.database, connection, self.study_id, ids).spend()

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

    def audit(self) -> list[str]:
        """Sum the accounts anew from their entries; one line for each account that differs, none where all agree."""
        with self.database.read() as connection:
            kept = accounts.balances(connection, self.study_id)
            anew = accounts.recomputed(connection, self.study_id)
        return [
            f"{account.phase}/{account.state}: kept {kept.get(account, Amount())}, summed {anew.get(account, Amount())}"
            for account in sorted(kept.keys() | anew.keys())
            if kept.get(account, Amount()) != anew.get(account, Amount())
        ]

    def _balances(self) -> Balances:
        with self.database.read() as connection:
            return accounts.balances(connection, self.study_id)

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

"""``jointopt worker``."""

import time
from typing import Annotated

import typer

from jointopt.cli.arguments import Storage, need_storage, permitted
from jointopt.cli.progress import watch
from jointopt.cli.signals import leash, stoppable
from jointopt.config import Plan
from jointopt.errors import StorageError, UnknownStudy, UserError
from jointopt.providers.remote import read_keys
from jointopt.storage import LEASE_S, Files, Studies, open_database
from jointopt.study import read_kept, work

POLL_S = 2.0
BEGINNING_S = 30.0  # within which a study's files are kept
LEAST_LEASE_S, MOST_LEASE_S = 1.0, 3600.0


def worker(
    study: Annotated[str, typer.Option("--study", metavar="NAME", help="What the study is called in its database.")],
    storage: Storage = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the study has begun, or its database is there.")] = (
        False
    ),
    lease: Annotated[
        float,
        typer.Option("--lease", metavar="SECONDS", help="How long what it holds stays its own while it is silent."),
    ] = LEASE_S,
    leashed: Annotated[bool, typer.Option("--leashed", hidden=True)] = False,
) -> None:
    """Work on a study with others until it has finished, or is stopped."""
    url = need_storage(storage)
    if not LEAST_LEASE_S <= lease <= MOST_LEASE_S:
        mend = f"write {LEAST_LEASE_S:g} to {MOST_LEASE_S:g} seconds"
        raise UserError(f"a lease of {lease:g} s will not do", where="--lease", mend=mend)
    if leashed:
        leash()
    with stoppable():
        while (state := _state(url, study, wait=wait)) == "stopped" and leashed:
            time.sleep(POLL_S)  # who started this worker is about to go on with the study
        said = _ended(study, state) or _work(_with_keys(read_kept(url, study, code=permitted())), lease)
    typer.echo(said, err=True)


def _ended(study: str, state: str) -> str:
    """What there is to say of a study that nobody works on; empty where somebody does."""
    if state == "finished":
        return f"study {study!r} has finished: there is nothing left to do"
    if state == "stopped":
        return f"study {study!r} was stopped\n  mend: jointopt resume {study}"
    return ""


def _with_keys(plan: Plan) -> Plan:
    """The plan, once all keys are seen to be here: a worker without them would refuse what it is to buy."""
    for model in (*plan.space.models.values(), *(judge.model for judge in plan.judges.values())):
        read_keys(model, model.key_envs)
    return plan


def _work(plan: Plan, lease_s: float) -> str:
    show = watch(as_json=False)
    with show:
        return work(plan, lease_s=lease_s, on_progress=show.update)


def _state(url: str, study: str, *, wait: bool) -> str:
    """How a study stands, once it is there."""
    waiting_for = ""
    while True:
        try:
            return _look(url, study)
        except (UnknownStudy, StorageError) as error:
            if not wait:
                raise
            if waiting_for != error.message:
                typer.echo(f"waiting for study {study!r}: {error.message}", err=True)
            waiting_for = error.message
        time.sleep(POLL_S)


def _look(url: str, study: str) -> str:
    database = open_database(url, create=False, patience_s=0)
    try:
        row = Studies(database).find(study)
        age_s = database.query(database.now) - row.begun_at
        if not Files(database).sizes(row.id) and age_s < BEGINNING_S:
            raise StorageError(
                "it is just beginning", where=database.url, mend="start again in a moment, or with --wait"
            )
        return row.state
    finally:
        database.close()

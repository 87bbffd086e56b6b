"""``jointopt run``."""

from jointopt.cli.arguments import AsJson, Force, Storage, StudyFile, WarmStartFrom, read_plan, start_from
from jointopt.cli.hands import check_workers
from jointopt.cli.running import Page, Workers, run_plan


def run(  # noqa: PLR0913, PLR0917 - each is an option of the command
    study: StudyFile,
    as_json: AsJson = False,
    force: Force = False,
    report: Page = None,
    warm_start: WarmStartFrom = None,
    workers: Workers = 1,
    storage: Storage = None,
) -> None:
    """Run a study to its end, write the report, and print the verdict."""
    check_workers(workers)
    plan = start_from(read_plan(study, storage), warm_start)
    run_plan(plan, report, workers=workers, force=force, as_json=as_json)

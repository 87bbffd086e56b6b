"""Every way a study can fail, drawn as one tree.

    JointoptError
    ├── UserError                 what the user can mend; the command line prints it and exits with 2
    │   ├── StudyFileError        a study file that cannot be read or makes no sense
    │   ├── TaskError             examples that cannot be used
    │   ├── GraderError           a grader whose options make no sense
    │   ├── StrategyError         a strategy whose options make no sense
    │   ├── ModelError            a model that is unknown, has no price or refuses the key
    │   │   ├── KeyRefused        a model that does not serve this worker's key; another worker's it may
    │   │   └── TooManyFailed     so many requests failed that the model is at fault
    │   ├── ModelDrift            another model answers behind the same name
    │   ├── StorageError          a database that cannot be opened or written
    │   ├── BundleError           a bundle that is damaged, of a newer format, or none
    │   ├── StudyChanged          the study file is not the one the study began with
    │   ├── UnknownStudy          no study of that name
    │   └── NothingToReport       the study has not learnt enough to say anything
    ├── BudgetExhausted           the ledger refused a reservation: the trial ends honestly
    ├── StudyStopped              somebody has stopped the study; it goes on when it is run again
    ├── StudyLost                 another worker conducts the study by now
    └── ProviderError             a model did not answer; kept in the study as a failed sample

A message says what failed, the value, and the mend.
"""


class JointoptError(Exception):
    """The root: catch it to catch all of ours and nothing else."""


class UserError(JointoptError):
    """Something the user can mend. `where` names the file, key or option, `mend` what to do about it."""

    def __init__(self, message: str, *, where: str = "", mend: str = "") -> None:
        self.message, self.where, self.mend = message, where, mend
        super().__init__(": ".join(filter(None, (where, message))) + (f"\n  mend: {mend}" if mend else ""))


class StudyFileError(UserError):
    """A study file that cannot be read or makes no sense."""


class TaskError(UserError):
    """Examples that cannot be used."""


class GraderError(UserError):
    """A grader whose options make no sense, or that is none."""


class StrategyError(UserError):
    """A strategy whose options make no sense, or that does what no strategy may."""


class ModelError(UserError):
    """A model that is unknown, has no price or refuses the key."""


class KeyRefused(ModelError):
    """A model that does not serve this process: no key is here, or it is refused, or has no credit. Others may have
    one that is served.
    """


class ModelDrift(UserError):
    """Another model answers behind the same name than when the study began."""


class TooManyFailed(ModelError):
    """So many requests failed that the model, not the question, is at fault."""


class StorageError(UserError):
    """A database that cannot be opened or written."""


class BundleError(UserError):
    """A bundle that is damaged, of a newer format, or none; or one that cannot be written."""


class StudyChanged(UserError):
    """The study file is not the one the study began with."""


class UnknownStudy(UserError):
    """No study of that name in the storage."""


class NothingToReport(UserError):
    """The study has not learnt enough to say anything."""


class BudgetExhausted(JointoptError):
    """The ledger refused a reservation, because the worst price would break the budget's promise."""


class StudyStopped(JointoptError):
    """Somebody has stopped the study, for all of its workers; it goes on when it is run again."""


class StudyLost(JointoptError):
    """Another worker conducts the study by now: this one was silent for longer than its lease."""


class ProviderError(JointoptError):
    """A model did not answer. `reason` is one line, safe to store and show (never a key)."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)

"""What can go wrong, as one tree. A message is one sentence: expected, got, where, remedy.

    StudyError
    ├── BadInput             a file or value from the user cannot be used
    │   ├── BadSettings      study.toml
    │   ├── BadItems         an items file
    │   └── BadTable         rows that a stage or a client handed in
    ├── MissingExtra         a command needs packages that are not installed
    ├── MissingStage         the stage before has not run yet
    ├── StudyLocked          another process holds the study file
    ├── StudyClosed          the app is letting go of the study file
    ├── PortTaken            another process listens where the app should
    ├── DiskFull             a file could not be written to its end
    ├── AppUnreachable       the app that holds the study does not answer
    ├── TrainingFailed       a LoRA run ended without a usable adapter
    ├── ModelUnreachable     an endpoint that should serve an arm does not answer
    ├── ClusterUnreachable   a Ray cluster does not answer, or loses worker after worker
    ├── CanaryFailed         an endpoint serves something other than the arm asked for
    ├── TooFewUnits          too few items or raters for the estimate asked for
    └── NotAllowed           a caller without the role, or whose row it is not

Foreign errors are mapped to these where they enter; `exit_status` is what the command line returns.
"""


class StudyError(Exception):
    """The root: a message that a user can act on."""

    exit_status = 2


class BadInput(StudyError):
    """A file or value from the user cannot be used."""


class BadSettings(BadInput):
    """study.toml is not valid."""


class BadItems(BadInput):
    """An items file is not in a layout that a loader knows."""


class BadTable(BadInput):
    """Rows that were handed in do not fit their table."""


class MissingExtra(StudyError):
    """A command needs packages that are not installed."""


class MissingStage(StudyError):
    """The stage before has not run yet."""


class StudyLocked(StudyError):
    """Another process holds the study file."""


class StudyClosed(StudyError):
    """The app is letting go of the study file."""


class PortTaken(StudyError):
    """Another process listens where the app should."""


class DiskFull(StudyError):
    """A file could not be written to its end."""


class AppUnreachable(StudyError):
    """The app that holds the study does not answer."""


class TrainingFailed(StudyError):
    """A LoRA run ended without a usable adapter."""


class ModelUnreachable(StudyError):
    """An endpoint that should serve an arm does not answer."""


class ClusterUnreachable(StudyError):
    """A Ray cluster does not answer, or loses worker after worker."""


class CanaryFailed(StudyError):
    """An endpoint serves something other than the arm asked for."""

    exit_status = 1


class TooFewUnits(StudyError):
    """Too few items or raters for the estimate asked for."""


class NotAllowed(StudyError):
    """A caller without the role, or whose row it is not."""

"""Every failure a user can act on: one sentence, a remedy, and the exit status of the command line.

Anything raised that is not a :class:`MedviewerError` is a bug.
"""

from __future__ import annotations


class MedviewerError(Exception):
    """Base of all errors meant for the reader.

    ``str(error)`` is one sentence without patient data; ``hint`` says what to do next.
    ``exit_status`` is the process status of the command line (see README, "Exit status").
    """

    exit_status = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def sentence(self) -> str:
        """The message and, where there is one, the remedy."""
        return f"{self.message} {self.hint}".strip()


class UsageError(MedviewerError):
    """The request itself makes no sense (unknown series, index out of range)."""

    exit_status = 2


class NothingReadable(MedviewerError):
    """No DICOM image could be read from the given paths."""

    exit_status = 3


class UnreadableImage(MedviewerError):
    """One image's header or pixels are broken or not supported."""

    exit_status = 3


class NoGeometry(MedviewerError):
    """A millimetre was asked of images whose header does not support one."""

    exit_status = 3


class NotSuitable(MedviewerError):
    """The scan does not suit the model, or no model fits."""

    exit_status = 4


class BundleError(MedviewerError):
    """A model bundle is damaged or not what its card says."""

    exit_status = 5


class DeviceError(MedviewerError):
    """The compute device is absent or ran out of memory."""

    exit_status = 6


class WriteError(MedviewerError):
    """A file could not be written (permission, full disk)."""

    exit_status = 7


class NetworkError(MedviewerError):
    """An archive could not be reached or refused."""

    exit_status = 8


class AuditBroken(MedviewerError):
    """The audit is not as it was written: entries were edited, removed, moved or cut off."""

    exit_status = 9


class Cancelled(MedviewerError):
    """The reader cancelled; nothing is wrong."""

    exit_status = 130

    def __init__(self, message: str = "Cancelled.", hint: str = "") -> None:
        super().__init__(message, hint)

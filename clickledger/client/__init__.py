"""The client for notebooks and scripts: ``from clickledger.client import Client, F``. See ``docs/client.md``."""

from clickledger.client.asking import Formula
from clickledger.client.client import Client
from clickledger.client.errors import (
    CancelledError,
    ClientError,
    ForbiddenError,
    NotFoundError,
    PandasMissingError,
    RateLimitedError,
    RefusedError,
    ServiceFailedError,
    ServiceNotFoundError,
    ServiceSilentError,
    TooLargeError,
    UnauthenticatedError,
    UnknownNameError,
)
from clickledger.client.files import Exported, Progress
from clickledger.client.filters import Condition, F
from clickledger.client.logs import Log, Road
from clickledger.client.report import Column, Meta, Report
from clickledger.client.schema import SavedReport, Schema

__all__ = [
    "CancelledError",
    "Client",
    "ClientError",
    "Column",
    "Condition",
    "Exported",
    "F",
    "ForbiddenError",
    "Formula",
    "Log",
    "Meta",
    "NotFoundError",
    "PandasMissingError",
    "Progress",
    "RateLimitedError",
    "RefusedError",
    "Report",
    "Road",
    "SavedReport",
    "Schema",
    "ServiceFailedError",
    "ServiceNotFoundError",
    "ServiceSilentError",
    "TooLargeError",
    "UnauthenticatedError",
    "UnknownNameError",
]

"""Foreign logs: other systems' click logs read as rows that can be replayed or imported.

A reader turns a line into a ``LogRow`` or, when it can't, into a ``BadLine`` that says why; it never
guesses and never stops at a line. What others may use is exported here.
"""

from tracker.intake.formats import FORMATS, LogFormat, log_format, read_log
from tracker.intake.rows import BadLine, LogRow

__all__ = ["FORMATS", "BadLine", "LogFormat", "LogRow", "log_format", "read_log"]

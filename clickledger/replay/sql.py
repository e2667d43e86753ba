"""The SQL that puts an import's events in order."""

CREATE_EVENTS = "CREATE TABLE events (at INTEGER, n INTEGER, payload BLOB, PRIMARY KEY (at, n)) WITHOUT ROWID"
INSERT_EVENT = "INSERT INTO events VALUES (?, ?, ?)"
EVENTS_IN_ORDER = "SELECT payload FROM events ORDER BY at, n"
PRAGMAS = ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF")
"""The file is thrown away after a crash, so nothing in it needs to be durable."""

"""The statements with which clients get ready and are checked; the tables' DDL is in ``schema``."""

from __future__ import annotations

CREATE_DATABASE = "CREATE DATABASE IF NOT EXISTS {database:Identifier}"

READONLY_LEVEL = "SELECT getSetting('readonly')"

SERVER_FACTS = "SELECT version(), timezone(), toUnixTimestamp64Milli(now64(3))"
"""Version, time zone and clock (milliseconds since 1970) of the engine."""

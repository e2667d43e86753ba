"""Redirects and postbacks: routing decision, journal, answer. Knows no ClickHouse and no SQL database."""

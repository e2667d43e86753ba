"""Shaping: rows beside those of another range, rows for moments without events, and values as columns."""

"""Logs of single events, newest first, and the whole road of one click."""

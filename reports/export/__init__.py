"""Exports: the events themselves, in order of time, as a stream of any length."""

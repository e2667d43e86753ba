"""Verdicts with reasons: rules over events. Imports only the kernel."""

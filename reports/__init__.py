"""Reports: a registry of dimensions and metrics, one compiler, one API. Never imports tracker.

What other rooms may use: ``reports.api.routes`` (the HTTP routes), ``reports.names.Names`` (the directory
of names they expect), ``reports.errors.ERRORS`` and ``reports.reference.pages`` (the docs).
"""

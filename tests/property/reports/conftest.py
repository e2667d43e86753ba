from tests.integration.reports.conftest import readers, store

__all__ = ["readers", "store"]

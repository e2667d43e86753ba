from tests.integration.web.conftest import web

__all__ = ["web"]

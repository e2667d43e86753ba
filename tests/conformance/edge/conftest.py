from tests.support.valkey import valkey, valkey_socket

__all__ = ["valkey", "valkey_socket"]

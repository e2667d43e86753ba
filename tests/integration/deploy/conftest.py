from tests.support.clickhouse_front import clickhouse_front

__all__ = ["clickhouse_front"]

"""The event store: its schema, its clients, its migrations. ClickHouse server or chDB, one client API."""

"""From journal frames to rows in ClickHouse, exactly once."""

"""A click's way from HTTP to a row: edge, journal, pipeline."""

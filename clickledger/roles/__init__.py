"""The roles a process can have: edge, pipeline, web, and backend (pipeline and web in one)."""

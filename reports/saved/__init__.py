"""Reports that are kept: saved with a name, made of custom metrics, shared by link, run by schedules."""

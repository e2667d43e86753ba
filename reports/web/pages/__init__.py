"""The pages, a file or folder for each part of the work; each names its own in ``PAGES``."""

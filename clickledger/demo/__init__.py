"""The demo of ``--demo``: a made-up program, weeks of history and a trickle of fresh traffic, removable whole."""

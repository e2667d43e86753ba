"""Real logs through the real service: sent to the edge (replay), or journalled with their times (import).

Replay and import share the survey of a log, the program made for it and what a row says as a request.
"""

"""The tracked redirect beside others, measured in one run: what ``clickledger bench`` shows.

The rest of what ``make bench`` measures lies in ``benchmarks/`` and isn't installed.
"""

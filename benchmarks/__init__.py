"""Measurements of clickledger, side by side with what it is compared to. ``make bench`` runs them all.

Absolute numbers say more about the machine than about us: the targets are ratios taken in one run, and
limits on memory. Everything runs on loopback, is bounded in count and time, and ends by itself.
"""

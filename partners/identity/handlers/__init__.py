"""How requests about users, keys and sessions are worked off; each module declares its operations.

Invariants: SQL and password hashing run in threads; a change is answered after it is committed, and from then
on this process remembers nobody's rights from before it (others do for at most a second).
"""

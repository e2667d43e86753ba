"""``python -m clickledger``: the command line."""

from clickledger.cli import main

main()

"""The control plane: the program's people, offers and money, in a SQL database."""

"""What is usual, counted from the event store, for the rules that compare with it."""

"""One module a kind: which names to work on, and what to make of each."""

"""What all kinds have in common: one way to the host, one way from it, and who refers to what."""

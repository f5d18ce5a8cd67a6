"""Side-by-side measurements: through vcli, and the same thing without it, in one run."""

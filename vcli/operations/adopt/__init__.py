"""Taking over a virtual cluster that loft-sh's vcluster made."""

"""Money, periods, rounding, splitting, lineage: the standard library only."""

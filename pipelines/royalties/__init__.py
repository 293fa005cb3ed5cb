"""Money, periods, rounding, splitting and lineage: standard library only, no clock, no I/O."""

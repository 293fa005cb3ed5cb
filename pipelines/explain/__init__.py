"""Explains statements and their lines down to the events (SPEC §7.3)."""

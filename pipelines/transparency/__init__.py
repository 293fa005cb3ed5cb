"""The formats of a transparency log: pure functions, which know no warehouse (docs/proof.md)."""

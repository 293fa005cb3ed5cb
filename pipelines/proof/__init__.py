"""Proofs for who is paid: keys, checkpoints, witnesses, and a statement's proof (docs/proof.md)."""

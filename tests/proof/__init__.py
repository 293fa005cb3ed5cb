"""Tests of proofs for who is paid."""

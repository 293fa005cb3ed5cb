"""What leaves the warehouse: seals, statements, files."""

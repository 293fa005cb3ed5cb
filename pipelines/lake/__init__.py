"""The warehouse and its log: the one place with a connection."""

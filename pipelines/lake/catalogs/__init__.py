"""The catalogs that a warehouse may have, one a file: attach, snapshot, contention."""

"""Object stores: places in buckets, the clients that reach them, and what their errors mean."""

"""Close periods: the job, and its steps in the order of the data."""

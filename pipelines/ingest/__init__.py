"""Read events and append them to the log: the job, and its steps in the order of the data.

A step is a pure function in a module of its own; `transforms.py` has the thin Beam transforms.
Its elements are lists of about 128 KiB of text, because an element costs a runner more than an
event does. `check.py` is a producer's check: the same steps, without Beam and without a log.
"""

"""Read events and append them to the log: the job, and its steps in the order of the data.

A step is a pure function in a module of its own; `transforms.py` has the thin Beam transforms.
Its elements are tables of up to 16 MiB of text, of which most is proven at once, and lists of some
records of the rest, because an element costs a runner more than an event does. `check.py` is a
producer's check: the same steps, without Beam and without a log.
"""

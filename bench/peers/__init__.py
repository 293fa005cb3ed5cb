"""What a user would pick instead: a program each, which prints what it came to as JSON.

Those that stand on packages of their own run in `.venv-bench` and import nothing of the project.
"""

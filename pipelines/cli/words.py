"""Words that several commands print."""


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as `1 statement` or `2 statements`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

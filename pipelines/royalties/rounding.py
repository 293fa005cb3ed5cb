"""The one place in Python that divides money; its twin is `sql/functions` (SPEC §10)."""


def floor_div(numerator: int, denominator: int) -> int:
    """Return the greatest integer that isn't above the exact quotient.

    Raises ZeroDivisionError where the denominator is 0.
    """
    return numerator // denominator


def half_even(numerator: int, denominator: int) -> int:
    """Return the integer nearest to the exact quotient; of two as near, the even one.

    Raises ZeroDivisionError where the denominator is 0.
    """
    magnitude = abs(denominator)
    quotient, remainder = divmod(abs(numerator), magnitude)
    rounded = quotient + (2 * remainder + quotient % 2 > magnitude)
    return rounded if (numerator < 0) == (denominator < 0) else -rounded

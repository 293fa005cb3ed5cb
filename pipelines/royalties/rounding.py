"""Divides exact integers: the one place in Python that divides money (SPEC §5, §6)."""


def floor_div(numerator: int, denominator: int) -> int:
    """Divide and round towards minus infinity; `denominator` is above 0."""
    return numerator // denominator


def half_even(numerator: int, denominator: int) -> int:
    """Divide and round to the nearest integer, halves to the even one; `denominator` is above 0."""
    quotient, remainder = divmod(numerator, denominator)
    above = 2 * remainder - denominator
    return quotient + (above > 0 or (above == 0 and quotient % 2 == 1))

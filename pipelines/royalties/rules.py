"""The rules by which money inside a pool can be shared: the present one, and some to compare."""

from enum import StrEnum


class Rule(StrEnum):
    """How what comes to a pool is shared; each is one SQL query in `sql/`."""

    CURRENT = "current"
    """By the weights of a manifest's images (SPEC §5.2)."""
    EQUAL_IMAGE = "equal-image"
    """Every image of a manifest weighs 1."""
    EQUAL_CONTRIBUTOR = "equal-contributor"
    """Every licensed contributor of a manifest has the same."""
    CUSTOMER_CENTRIC = "customer-centric"
    """What a customer pays follows that customer's own attributions."""

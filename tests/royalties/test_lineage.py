"""Lineage: what a pool has left is shared with the versions a model was built on (SPEC §5.2)."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from pipelines.royalties.lineage import (
    LINEAGE_UNRESOLVED,
    UNKNOWN_MODEL,
    Claim,
    Version,
    Versions,
    claims,
)

DAY = datetime(2026, 1, 1)  # noqa: DTZ001  instants are naive and in UTC
Party = Version | str


@st.composite
def small_graphs(draw: st.DrawFn) -> dict[Version, tuple[datetime, list[tuple[Version, int]]]]:
    """Draw up to 7 declared versions that name each other, themselves and two ghosts."""
    named = [(model, version) for model in "abc" for version in "123"]
    declared = named[: draw(st.integers(1, 7))]
    bases = st.lists(
        st.tuples(st.sampled_from(named), st.sampled_from([0, 1, 250_000, 333_333])),
        max_size=3,
        unique_by=lambda base: base[0],
    )
    return {
        version: (DAY + timedelta(days=draw(st.integers(0, 8))), draw(bases))
        for version in declared
    }


def line(length: int) -> Versions:
    """Return versions of which each names the one before with share 0.5, the first one a ghost."""
    return {
        ("v", f"{number:02}"): (
            DAY + timedelta(days=number),
            [(("v", f"{number - 1:02}"), 500_000)],
        )
        for number in range(1, length + 1)
    }


def ways(own: Version, versions: Versions, length: int = 1) -> Iterator[tuple[Party, Fraction]]:
    """Follow each way by itself, as the specification reads."""
    trained_at, bases = versions[own]
    yield own, 1 - sum((Fraction(share, 10**6) for _, share in bases), Fraction(0))
    for base, share_ppm in bases:
        share = Fraction(share_ppm, 10**6)
        if base not in versions:
            yield UNKNOWN_MODEL, share
        elif versions[base][0] >= trained_at or length == 16:
            yield LINEAGE_UNRESOLVED, share
        else:
            for party, part in ways(base, versions, length + 1):
                yield party, share * part


def shares(shared: list[Claim]) -> dict[Party, Fraction]:
    """Return each party's part of the whole."""
    total = sum(claim.weight for claim in shared)
    return {
        claim.version or claim.held or "": Fraction(claim.weight, total)
        for claim in shared
        if claim.weight
    }


@given(small_graphs())
def test_ways_followed_at_once_give_what_each_gives_by_itself(versions: Versions) -> None:
    """The shares are those of a naive walk along every way, in exact fractions."""
    for own in versions:
        expected: defaultdict[Party, Fraction] = defaultdict(Fraction)
        for party, part in ways(own, versions):
            expected[party] += part
        assert {party: part for party, part in expected.items() if part} == shares(
            claims(own, versions)
        )


@given(small_graphs())
def test_claims_stand_in_the_order_of_splitting(versions: Versions) -> None:
    """First the own version, then the others by name, then what is held, by reason."""
    for own in versions:
        ordered = claims(own, versions)
        named = [claim.version for claim in ordered if claim.version]
        assert [own, *sorted(set(named) - {own})] == named
        assert [LINEAGE_UNRESOLVED, UNKNOWN_MODEL] == [claim.held for claim in ordered[-2:]]


@given(small_graphs())
def test_the_weights_sum_to_one_denominator(versions: Versions) -> None:
    """Their sum is what sixteen shares in ppm multiply to, however many ways there are."""
    for own in versions:
        assert 10 ** (6 * 16) == sum(claim.weight for claim in claims(own, versions))


def test_a_model_without_bases_keeps_all() -> None:
    """Its own manifest has the only claim."""
    own = ("a", "1")
    assert {own: 1} == shares(claims(own, {own: (DAY, [])}))


def test_shares_of_one_leave_the_own_version_nothing() -> None:
    """A version that gives all away has no claim."""
    versions: Versions = {
        ("a", "1"): (DAY, []),
        ("b", "1"): (DAY + timedelta(days=1), [(("a", "1"), 10**6)]),
    }
    assert {("a", "1"): 1} == shares(claims(("b", "1"), versions))


def test_the_seventeenth_version_of_a_way_is_held() -> None:
    """Sixteen versions share; what would come to the next one is held, its own being the first."""
    shared = shares(claims(("v", "17"), line(17)))
    assert Fraction(1, 2**16) == shared["lineage_unresolved"]
    assert ("v", "02") in shared
    assert ("v", "01") not in shared


def test_an_undeclared_seventeenth_version_is_unknown() -> None:
    """Where both reasons apply, being undeclared is the one given."""
    shared = shares(claims(("v", "16"), line(16)))
    assert Fraction(1, 2**16) == shared["unknown_model"]
    assert "lineage_unresolved" not in shared


def test_a_version_trained_at_the_same_instant_is_not_before() -> None:
    """A base must be trained earlier: what is named at the same instant, or later, is held."""
    own, base = ("b", "1"), ("a", "1")
    for later in (timedelta(0), timedelta(microseconds=1)):
        versions: Versions = {base: (DAY + later, []), own: (DAY, [(base, 400_000)])}
        expected = {own: Fraction(6, 10), "lineage_unresolved": Fraction(4, 10)}
        assert expected == shares(claims(own, versions))


def test_sixteen_generations_of_sixteen_are_shared_without_walking_each_way() -> None:
    """Some 10^18 ways lead from the last generation to the first; the whole goes to the first."""
    generations = [[(f"g{number:02}", f"v{name:02}") for name in range(16)] for number in range(16)]
    versions: Versions = {
        version: (
            DAY + timedelta(days=number),
            [(base, 62_500) for base in (generations[number - 1] if number else [])],
        )
        for number, generation in enumerate(generations)
        for version in generation
    }
    shared = shares(claims(generations[-1][0], versions))
    assert dict.fromkeys(generations[0], Fraction(1, 16)) == shared

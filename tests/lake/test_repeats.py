"""Of very many hashes it is found out whether one is there twice, whatever they are."""

from pathlib import Path

import numpy as np
import pytest

from pipelines.lake import repeats
from pipelines.lake.repeats import Hashes

LARGEST = (1 << 64) - 1


def _any(folder: Path, *given: Hashes, count: int = 0) -> bool:
    with repeats.repeats(folder, count or sum(map(len, given))) as hashes:
        for some in given:
            hashes.add(some)
        return hashes.any()


def _hashes(*values: int) -> Hashes:
    return np.array(values, np.uint64)


@pytest.fixture(params=[1, 2, 1 << 24])
def _sorted_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "_SORTED_AT_ONCE", request.param)


@pytest.mark.usefixtures("_sorted_at_once")
def test_hashes_that_all_differ_have_no_repeat(tmp_path: Path) -> None:
    """The least and the largest, neighbours, and those that differ in their first bit alone."""
    assert not _any(tmp_path, _hashes(0, 1, LARGEST), _hashes(LARGEST - 1, 1 << 63, 2))


@pytest.mark.usefixtures("_sorted_at_once")
@pytest.mark.parametrize("value", [0, 1, 1 << 63, LARGEST])
def test_a_hash_that_is_there_twice_is_found(tmp_path: Path, value: int) -> None:
    """Whether it was added twice at once or one after the other."""
    assert _any(tmp_path, _hashes(value, 7, value))
    assert _any(tmp_path, _hashes(value, 5), _hashes(6), _hashes(7, value))


def test_one_repeat_among_many_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are divided into files, in each of which about as many are sorted as are allowed."""
    monkeypatch.setattr(repeats, "_SORTED_AT_ONCE", 1000)
    many = np.random.default_rng(7).permutation(np.arange(64_000, dtype=np.uint64) << np.uint64(40))

    assert not _any(tmp_path, *np.split(many, 8))
    sizes = [file.stat().st_size // 8 for file in tmp_path.iterdir()]
    assert 64 == len(sizes)
    assert max(sizes) < 2000
    assert _any(tmp_path, *np.split(many, 8), many[:1])


def test_no_hashes_have_no_repeat(tmp_path: Path) -> None:
    """A count may be more than there are."""
    assert not _any(tmp_path, _hashes(), count=5)

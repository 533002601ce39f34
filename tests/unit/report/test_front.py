from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from neurochip.report.front import Front, pareto_front

POINT = st.tuples(st.integers(0, 6), st.integers(0, 6))


def dominates(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a != b and all(x <= y for x, y in zip(a, b, strict=True))


@given(st.lists(POINT, max_size=30))
def test_nothing_beats_the_front_and_it_beats_the_rest(points: list[tuple[int, int]]) -> None:
    front = pareto_front(points)
    for row in range(len(points)):
        beaten = any(dominates(other, points[row]) for other in points)
        assert (row in front) != beaten
    assert [points[row] for row in front] == sorted(points[row] for row in front)


def test_one_objective_and_none() -> None:
    assert pareto_front([]) == []
    assert pareto_front([(3.0,), (1.0,), (2.0,), (1.0,)]) == [1, 3]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=30))
def test_point_by_point_it_is_the_same_front(points: list[tuple[int, int]]) -> None:
    front = Front()
    for end, point in enumerate(points, start=1):
        is_on = front.add(point)
        assert is_on == (end - 1 in pareto_front(points[:end]))


def test_of_equal_values_the_first_is_the_best() -> None:
    front = Front()
    assert [front.add((value,)) for value in (3.0, 3.0, 4.0, 2.0, 2.0)] == [True, False, False, True, False]

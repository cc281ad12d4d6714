"""Choosing, filtering and sorting objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable

import numpy as np  # noqa: F401 - the examples use it

from arc_solver.dsl.objects import count_holes, find_objects, object_color, object_size  # noqa: F401 - as above
from arc_solver.dsl.registry import Color, Count, Grid, Object, primitive


@primitive
def largest_object(objects: list[Object]) -> Object:
    """The object with the most cells; the first of equals.

    >>> largest_object(find_objects(np.array([[1, 0, 2, 2]]))).grid.tolist()
    [[2, 2]]
    """
    return max(_some(objects), key=object_size)


@primitive
def smallest_object(objects: list[Object]) -> Object:
    """The object with the fewest cells; the first of equals.

    >>> smallest_object(find_objects(np.array([[1, 0, 2, 2]]))).grid.tolist()
    [[1]]
    """
    return min(_some(objects), key=object_size)


@primitive
def topmost_object(objects: list[Object]) -> Object:
    """The object that reaches highest; the first of equals.

    >>> topmost_object(find_objects(np.array([[0, 2], [1, 0]]))).grid.tolist()
    [[2]]
    """
    return min(_some(objects), key=lambda obj: obj.row)


@primitive
def bottommost_object(objects: list[Object]) -> Object:
    """The object that reaches lowest; the first of equals.

    >>> bottommost_object(find_objects(np.array([[0, 2], [0, 0], [1, 0]]))).grid.tolist()
    [[1]]
    """
    return max(_some(objects), key=lambda obj: obj.row + obj.mask.shape[0])


@primitive
def leftmost_object(objects: list[Object]) -> Object:
    """The object that reaches furthest left; the first of equals.

    >>> leftmost_object(find_objects(np.array([[0, 0, 2], [1, 0, 0]]))).grid.tolist()
    [[1]]
    """
    return min(_some(objects), key=lambda obj: obj.col)


@primitive
def rightmost_object(objects: list[Object]) -> Object:
    """The object that reaches furthest right; the first of equals.

    >>> rightmost_object(find_objects(np.array([[0, 0, 2], [1, 0, 0]]))).grid.tolist()
    [[2]]
    """
    return max(_some(objects), key=lambda obj: obj.col + obj.mask.shape[1])


@primitive
def odd_object_out(objects: list[Object]) -> Object:
    """The only object that differs from all others: in shape, else in color, else in size, else in symmetry.

    >>> odd_object_out(find_objects(np.array([[1, 0, 1, 0, 2]]))).grid.tolist()
    [[2]]
    """
    features: tuple[Callable[[Object], Hashable], ...] = (
        lambda obj: (obj.mask.shape, obj.mask.tobytes()),
        lambda obj: obj.grid[obj.mask].tobytes() if obj.mask.all() else object_color(obj),
        object_size,
        lambda obj: bool((obj.grid == obj.grid[:, ::-1]).all()),
    )
    for feature in features:
        values = [feature(obj) for obj in objects]
        counts = Counter(values)
        if sorted(counts.values()) == [1, len(objects) - 1]:
            return next(obj for obj, value in zip(objects, values, strict=True) if counts[value] == 1)
    raise ValueError("no object stands out")


@primitive
def most_common_object(objects: list[Object]) -> Object:
    """The object that occurs most often with the same shape and colors; the first of equals.

    >>> most_common_object(find_objects(np.array([[2, 0, 1, 0, 1]]))).grid.tolist()
    [[1]]
    """
    keys = [(obj.grid.shape, obj.grid.tobytes()) for obj in _some(objects)]
    counts = Counter(keys)
    return objects[keys.index(max(keys, key=counts.__getitem__))]


@primitive
def pick_object(objects: list[Object], index: int) -> Object:
    """The object at that position; negative positions count from the end.

    >>> pick_object(find_objects(np.array([[1, 0, 2]])), -1).grid.tolist()
    [[2]]
    """
    if not -len(objects) <= index < len(objects):
        raise ValueError("no object at that position")
    return objects[index]


@primitive
def sort_by_size(objects: list[Object]) -> list[Object]:
    """Objects from the smallest to the largest number of cells; equals keep their order.

    >>> [obj.grid.tolist() for obj in sort_by_size(find_objects(np.array([[1, 1, 0, 2]])))]
    [[[2]], [[1, 1]]]
    """
    return sorted(objects, key=object_size)


@primitive
def sort_by_column(objects: list[Object]) -> list[Object]:
    """Objects from left to right by their left edges; equals keep their order.

    >>> [obj.col for obj in sort_by_column(find_objects(np.array([[0, 0, 1], [2, 0, 0]])))]
    [0, 2]
    """
    return sorted(objects, key=lambda obj: obj.col)


@primitive
def objects_of_color(objects: list[Object], color: Color) -> list[Object]:
    """The objects that have a cell of that color.

    >>> len(objects_of_color(find_objects(np.array([[1, 0, 2]])), 2))
    1
    """
    return [obj for obj in objects if bool((obj.grid[obj.mask] == color).any())]


@primitive
def objects_of_size(objects: list[Object], size: Count) -> list[Object]:
    """The objects with exactly that many cells.

    >>> len(objects_of_size(find_objects(np.array([[1, 1, 0, 2]])), 1))
    1
    """
    return [obj for obj in objects if object_size(obj) == size]


@primitive
def objects_with_holes(objects: list[Object]) -> list[Object]:
    """The objects that enclose at least one hole.

    >>> len(objects_with_holes(find_objects(np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]]))))
    1
    """
    return [obj for obj in objects if count_holes(obj) > 0]


@primitive
def border_objects(grid: Grid, objects: list[Object]) -> list[Object]:
    """The objects that touch the edge of the grid.

    >>> grid = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
    >>> border_objects(grid, find_objects(grid))
    []
    """
    return [
        obj
        for obj in objects
        if obj.row <= 0
        or obj.col <= 0
        or obj.row + obj.mask.shape[0] >= grid.shape[0]
        or obj.col + obj.mask.shape[1] >= grid.shape[1]
    ]


def _some(objects: list[Object]) -> list[Object]:
    if not objects:
        raise ValueError("there are no objects")
    return objects

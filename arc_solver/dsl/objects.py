"""Objects: finding, measuring, changing and painting connected parts of a grid."""

from __future__ import annotations

import numpy as np

from arc_solver.dsl.arrays import STEPS_4, background_of, color_objects, fresh, inner_boxes, label_regions, objects_from
from arc_solver.dsl.registry import Color, Count, Grid, Object, primitive


@primitive
def find_objects(grid: Grid, diagonals: bool = True, multicolor: bool = False) -> list[Object]:
    """Connected groups of non-background cells, in reading order of their first cells.

    `diagonals`: touching at a corner connects. `multicolor`: an object may have several colors.

    >>> [obj.grid.tolist() for obj in find_objects(np.array([[1, 0, 2], [1, 0, 0]]))]
    [[[1], [1]], [[2]]]
    """
    background = background_of(grid)
    return objects_from(grid, grid != background, background, diagonals, multicolor)


@primitive
def objects_by_color(grid: Grid) -> list[Object]:
    """One object for each color but the background: all its cells, connected or not; by color.

    >>> [obj.grid.tolist() for obj in objects_by_color(np.array([[2, 0, 2, 1]]))]
    [[[1]], [[2, 0, 2]]]
    """
    return color_objects(grid, background_of(grid))


@primitive
def count_objects(objects: list[Object]) -> Count:
    """How many objects there are.

    >>> count_objects(find_objects(np.array([[1, 0, 2]])))
    2
    """
    return Count(len(objects))


@primitive
def count_holes(obj: Object) -> Count:
    """How many separate holes the object encloses.

    >>> count_holes(find_objects(np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]]))[0])
    1
    """
    if min(obj.mask.shape) < 3 or obj.mask.all():
        return Count(0)
    _, boxes = label_regions(~obj.mask, STEPS_4)
    return Count(sum(inner_boxes(boxes, obj.mask.shape)))


@primitive
def object_size(obj: Object) -> Count:
    """How many cells the object has.

    >>> object_size(find_objects(np.array([[1, 1], [1, 0]]))[0])
    3
    """
    return Count(obj.mask.tobytes().count(1))


@primitive
def object_color(obj: Object) -> Color:
    """The object's most common color.

    >>> object_color(find_objects(np.array([[0, 3]]))[0])
    3
    """
    return Color(int(np.argmax(np.bincount(obj.grid[obj.mask], minlength=10))))


@primitive
def object_grid(obj: Object) -> Grid:
    """The object alone, cut out to its bounding box, background elsewhere.

    >>> object_grid(find_objects(np.array([[0, 4, 4]]))[0]).tolist()
    [[4, 4]]
    """
    return fresh(obj.grid)


@primitive
def object_grids(objects: list[Object]) -> list[Grid]:
    """Each object alone, cut out to its bounding box.

    >>> [panel.tolist() for panel in object_grids(find_objects(np.array([[1, 0, 2]])))]
    [[[1]], [[2]]]
    """
    return [fresh(obj.grid) for obj in objects]


@primitive
def crop_object(grid: Grid, obj: Object) -> Grid:
    """Cut the object's bounding box out of the grid, with all that lies in it.

    >>> grid = np.array([[1, 1, 0], [1, 2, 0]])
    >>> crop_object(grid, find_objects(grid)[0]).tolist()
    [[1, 1], [1, 2]]
    """
    top, left = max(0, obj.row), max(0, obj.col)
    return fresh(grid[top : max(0, obj.row + obj.mask.shape[0]), left : max(0, obj.col + obj.mask.shape[1])])


@primitive
def recolor_object(obj: Object, color: Color) -> Object:
    """The same object in one color.

    >>> recolor_object(find_objects(np.array([[1, 0, 0]]))[0], 5).grid.tolist()
    [[5]]
    """
    return Object(np.where(obj.mask, color, obj.grid).astype(np.int8), obj.row, obj.col, obj.mask.copy())


@primitive
def recolor_objects(objects: list[Object], color: Color) -> list[Object]:
    """The same objects in one color.

    >>> [obj.grid.tolist() for obj in recolor_objects(find_objects(np.array([[1, 0, 2]])), 5)]
    [[[5]], [[5]]]
    """
    return [recolor_object(obj, color) for obj in objects]


@primitive
def move_object(obj: Object, rows: int, cols: int) -> Object:
    """The same object, `rows` further down and `cols` further right.

    >>> move_object(find_objects(np.array([[3, 0]]))[0], 0, 1).col
    1
    """
    return Object(obj.grid.copy(), obj.row + rows, obj.col + cols, obj.mask.copy())


@primitive
def paint_object(grid: Grid, obj: Object) -> Grid:
    """Paint the object on the grid at its place; what lies outside is cut off.

    >>> paint_object(np.array([[0, 0]]), find_objects(np.array([[0, 3]]))[0]).tolist()
    [[0, 3]]
    """
    return paint_objects(grid, [obj])


@primitive
def paint_objects(grid: Grid, objects: list[Object]) -> Grid:
    """Paint objects on the grid at their places, in order; what lies outside is cut off.

    >>> paint_objects(np.array([[0, 0, 0]]), find_objects(np.array([[3, 0, 4]]))).tolist()
    [[3, 0, 4]]
    """
    out = fresh(grid)
    for obj in objects:
        _paint(out, obj, obj.grid)
    return out


@primitive
def remove_object(grid: Grid, obj: Object) -> Grid:
    """Erase the object's cells to the background.

    >>> remove_object(np.array([[0, 3, 4]]), find_objects(np.array([[0, 3, 0]]))[0]).tolist()
    [[0, 0, 4]]
    """
    return remove_objects(grid, [obj])


@primitive
def remove_objects(grid: Grid, objects: list[Object]) -> Grid:
    """Erase the objects' cells to the background.

    >>> remove_objects(np.array([[0, 3, 4]]), find_objects(np.array([[0, 3, 0]]))).tolist()
    [[0, 0, 4]]
    """
    out = fresh(grid)
    background = background_of(grid)
    for obj in objects:
        _paint(out, obj, np.full_like(obj.grid, background))
    return out


@primitive
def keep_objects(grid: Grid, objects: list[Object]) -> Grid:
    """The objects at their places on an empty grid of the same size.

    >>> grid = np.array([[3, 0, 4]])
    >>> keep_objects(grid, find_objects(grid)[1:]).tolist()
    [[0, 0, 4]]
    """
    return paint_objects(np.full(grid.shape, background_of(grid), dtype=np.int8), objects)


def _paint(canvas: Grid, obj: Object, cells: Grid) -> None:
    """Copy `cells` where the object is; `canvas` is the caller's own."""
    top, left = max(0, obj.row), max(0, obj.col)
    bottom = min(canvas.shape[0], obj.row + obj.mask.shape[0])
    right = min(canvas.shape[1], obj.col + obj.mask.shape[1])
    if top < bottom and left < right:
        part = slice(top - obj.row, bottom - obj.row), slice(left - obj.col, right - obj.col)
        np.copyto(canvas[top:bottom, left:right], cells[part], where=obj.mask[part])

"""Grown statements become readable source that does the same."""

from __future__ import annotations

from arc_solver.dsl.registry import Cells, Color, Grid, Object
from arc_solver.omni.synthesis.growing import Statement
from arc_solver.omni.synthesis.scope import Variable
from arc_solver.omni.synthesis.vocabulary import Kind
from arc_solver.omni.synthesis.writing import source_of


def written(*statements: tuple[Kind, str]) -> list[str]:
    """The body of the program, without indent; the n-th statement assigns v<n>."""
    made = [Statement.of(Variable(f"v{n}", kind), text, ()) for n, (kind, text) in enumerate(statements, start=1)]
    first, *body = source_of(made).splitlines()
    assert first == "def task(grid):"
    assert all(line.startswith("    ") for line in body)
    return [line[4:] for line in body]


def test_a_name_is_used_again_when_its_value_has_had_its_last_use() -> None:
    assert written((Grid, "v1 = transpose(v0)"), (Grid, "v2 = upscale(v1, 2)"), (Grid, "v3 = crop_to_content(v2)")) == [
        "result = transpose(grid)",
        "result = upscale(result, 2)",
        "return crop_to_content(result)",
    ]


def test_a_value_that_is_needed_later_keeps_its_name() -> None:
    assert written((Grid, "v1 = transpose(v0)"), (Grid, "v2 = upscale(v1, 2)"), (Grid, "v3 = overlay(v1, v2)")) == [
        "result = transpose(grid)",
        "other_result = upscale(result, 2)",
        "return overlay(result, other_result)",
    ]


def test_a_copy_of_a_copy_that_nobody_else_needs_is_painted_in_place() -> None:
    first = (Grid, "v1 = v0.copy()\nv1[v0 == 3] = 4")
    second = (Grid, "v2 = v1.copy()\nv2[v1 == 5] = 6")
    assert written(first, second) == [
        "result = grid.copy()",
        "result[grid == 3] = 4",
        "result[result == 5] = 6",
        "return result",
    ]
    assert written(first, second, (Grid, "v3 = overlay(v1, v2)")) == [
        "result = grid.copy()",
        "result[grid == 3] = 4",
        "other_result = result.copy()",
        "other_result[result == 5] = 6",
        "return overlay(result, other_result)",
    ]


def test_what_a_word_gave_is_not_painted_in_place() -> None:
    assert written((Grid, "v1 = transpose(v0)"), (Grid, "v2 = v1.copy()\nv2[v1 == 5] = 6"))[1] == (
        "other_result = result.copy()"
    )


def test_variables_of_loops_shadow_nothing() -> None:
    loop = "v4 = v0\nfor v5 in v2:\n    if v5.size > v3.size:\n        v4 = paint_object(v4, v5)"
    lines = written(
        (Color, "v1 = most_common_color(v0)"),
        (list[Object], "v2 = objects_on(v0, v1)"),
        (Object, "v3 = largest_object(v2)"),
        (Grid, loop),
    )
    assert lines[2:] == [
        "obj = largest_object(objects)",
        "result = grid",
        "for other_obj in objects:",
        "    if other_obj.size > obj.size:",
        "        result = paint_object(result, other_obj)",
        "return result",
    ]


def test_a_comprehension_may_give_its_list_the_same_name() -> None:
    lines = written(
        (list[Object], "v1 = find_objects(v0)"),
        (list[Object], "v2 = [v3 for v3 in v1 if v3.size > 2]"),
        (Cells, "v3 = object_cells(v0, v2[0])"),
        (Grid, "v4 = paint_cells(v0, v3, 2)"),
    )
    assert lines == [
        "objects = find_objects(grid)",
        "objects = [obj for obj in objects if obj.size > 2]",
        "cells = object_cells(grid, objects[0])",
        "return paint_cells(grid, cells, 2)",
    ]

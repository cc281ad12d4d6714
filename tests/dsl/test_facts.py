"""What each primitive does, as a table of facts. Grids are written row by row: "12/34" has the rows 12 and 34."""

from __future__ import annotations

import typing
from typing import Any

import numpy as np
import pytest

from arc_solver.dsl import find_objects
from arc_solver.dsl.registry import PRIMITIVES, Cells, Grid, Object, Places

INAPPLICABLE = ValueError

# name -> (arguments, result) cases. An `Object` argument is the text's first object (many colors), `list[Object]` all
# of its objects (one color each); an `Object` result is (grid, row, col).
FACTS: dict[str, list[tuple[tuple[Any, ...], Any]]] = {
    # geometry
    "rotate_90": [(("123/456",), "41/52/63")],
    "rotate_180": [(("123/456",), "654/321")],
    "rotate_270": [(("123/456",), "36/25/14")],
    "flip_horizontal": [(("123/456",), "321/654")],
    "flip_vertical": [(("123/456",), "456/123")],
    "transpose": [(("123/456",), "14/25/36")],
    "anti_transpose": [(("123/456",), "63/52/41")],
    "shift": [(("120/300", 0, 1), "012/030"), (("120/300", -1, 0), "300/000"), (("12/34", 5, 0), "11/11")],
    "roll": [(("123/456", 1, -1), "564/231")],
    # cropping
    "crop": [
        (("123/456/789", 1, 0, 2, 1), "4/7"),
        (("12/34", 1, 1, 2, 2), INAPPLICABLE),
        (("1", 0, 0, 0, 1), ValueError),
    ],
    "crop_to_content": [(("0000/0102/0300/0000",), "102/300"), (("00",), INAPPLICABLE), (("888/818/888",), "1")],
    "crop_to_color": [(("1020/0201/0000", 2), "02/20"), (("10", 5), INAPPLICABLE)],
    "trim_border": [(("1111/1231/1111",), "23"), (("11/11",), INAPPLICABLE)],
    "top_half": [(("12/34/56/78",), "12/34"), (("12",), INAPPLICABLE)],
    "bottom_half": [(("12/34/56/78",), "56/78"), (("12/34/56",), "56")],
    "left_half": [(("1234/5678",), "12/56"), (("123",), "1")],
    "right_half": [(("1234/5678",), "34/78"), (("123",), "3")],
    "split_horizontally": [
        (("123456", 3), ["12", "34", "56"]),
        (("12345", 2), INAPPLICABLE),
        (("12", 0), INAPPLICABLE),
    ],
    "split_vertically": [(("1/2/3/4", 2), ["1/2", "3/4"]), (("1/2/3", 2), INAPPLICABLE)],
    "split_by_lines": [
        (("10501/02510/55555/30504",), ["10/02", "01/10", "30", "04"]),
        (("100/222/001",), ["100", "001"]),
        (("100/020/001",), INAPPLICABLE),
        (("222/100",), INAPPLICABLE),
    ],
    "compress": [(("1122/1122/3311",), "12/31"), (("1212",), "1212")],
    "remove_solid_lines": [(("1020/5555/0102/1020",), "1020/0102/1020"), (("1717/7177",), "171/717")],
    "remove_empty_lines": [(("00000/10200/00000/30040",), "120/304"), (("000",), INAPPLICABLE)],
    "repeating_tile": [(("121/343/121",), "12/34"), (("123",), "123"), (("11/11",), "1")],
    # coloring
    "background_color": [(("5550",), 0), (("5551",), 5), (("1122",), 1)],
    "most_common_color": [(("0000/2221",), 2), (("0033/0022",), 2), (("00",), INAPPLICABLE)],
    "least_common_color": [(("0000/2221",), 1), (("8881",), 1), (("00",), INAPPLICABLE)],
    "color_by_rank": [
        (("0000/3321/3322", 1), 3),
        (("0000/3321/3322", 3), 1),
        (("01", 2), INAPPLICABLE),
        (("01", 0), ValueError),
    ],
    "color_at": [(("12/34", 1, 0), 3), (("12/34", -1, -1), 4), (("12/34", 2, 0), INAPPLICABLE)],
    "count_colors": [(("0123/0000",), 3), (("7777",), 0)],
    "count_cells": [(("0101/1000", 1), 3), (("0101", 5), 0)],
    "height": [(("123/456",), 2)],
    "width": [(("123/456",), 3)],
    "canvas": [((2, 3, 4), "444/444"), ((0, 3, 4), INAPPLICABLE), ((31, 1, 4), INAPPLICABLE)],
    "recolor": [(("0120/8808", 5), "0550/5505"), (("1112", 5), "1115")],
    "replace_color": [(("0120", 0, 7), "7127"), (("0120", 5, 7), "0120")],
    "swap_colors": [(("0120", 0, 1), "1021"), (("1230", 3, 5), "1250")],
    "keep_color": [(("0123", 2), "0020"), (("0123", 9), "0000")],
    "remove_color": [(("0123", 2), "0103"), (("8882", 2), "8888"), (("00888", 0), "88888")],
    "invert": [(("0303/3300",), "3030/0033"), (("0123",), INAPPLICABLE), (("000",), INAPPLICABLE)],
    # scaling
    "upscale": [(("12/30", 2), "1122/1122/3300/3300"), (("12", 0), INAPPLICABLE), (("1" * 11, 3), INAPPLICABLE)],
    "downscale": [(("1122/1122/3300/3300", 2), "12/30"), (("123", 2), INAPPLICABLE), (("1", 0), INAPPLICABLE)],
    "tile": [(("12/34", 2, 1), "12/34/12/34"), (("12", 1, 3), "121212"), (("12", 1, 16), INAPPLICABLE)],
    "tile_mirrored": [(("12/34", 2, 2), "1221/3443/3443/1221"), (("12", 0, 1), INAPPLICABLE)],
    "kronecker": [(("10/01", "23"), "2300/0023"), (("818", "2"), "828")],
    "self_fractal": [(("10/22",), "1000/2200/1010/2222")],
    "hstack": [(("1/2", "34/56"), "134/256"), (("1", "1/2"), INAPPLICABLE)],
    "vstack": [(("12", "34/56"), "12/34/56"), (("1", "12"), INAPPLICABLE)],
    "hstack_all": [((["1/2", "3/4", "5/6"],), "135/246"), (([],), INAPPLICABLE), ((["1", "1/2"],), INAPPLICABLE)],
    "vstack_all": [((["12", "34", "56"],), "12/34/56"), (([],), INAPPLICABLE), ((["1", "12"],), INAPPLICABLE)],
    "mirror_right": [(("12/34",), "1221/3443"), (("1" * 16,), INAPPLICABLE)],
    "mirror_left": [(("12/34",), "2112/4334")],
    "mirror_down": [(("12/34",), "12/34/34/12")],
    "mirror_up": [(("12/34",), "34/12/12/34")],
    "four_rotations": [(("12/34",), "1231/3442/2443/1321"), (("12",), INAPPLICABLE)],
    "add_border": [(("12", 5), "5555/5125/5555")],
    # objects
    "find_objects": [
        (("1002/0100/0033",), [("10/01", 0, 0), ("2", 0, 3), ("33", 2, 2)]),
        (("10/01", False, False), [("1", 0, 0), ("1", 1, 1)]),
        (("120/003", True, True), [("120/003", 0, 0)]),
        (("120/003", False, True), [("12", 0, 0), ("3", 1, 2)]),
        (("111/101/111",), [("111/101/111", 0, 0)]),
        (("000",), []),
    ],
    "objects_by_color": [(("2010/0002",), [("1", 0, 2), ("2000/0002", 0, 0)])],
    # choosing
    "largest_object": [(("10220",), ("22", 0, 2)), (("000",), INAPPLICABLE)],
    "smallest_object": [(("11020",), ("2", 0, 3)), (("000",), INAPPLICABLE)],
    "topmost_object": [(("001/200/200",), ("1", 0, 2))],
    "bottommost_object": [(("201/200/200",), ("2/2/2", 0, 0))],
    "leftmost_object": [(("0011/0000/2000",), ("2", 2, 0))],
    "rightmost_object": [(("1110/0000/0002",), ("2", 2, 3))],
    "odd_object_out": [(("10100/00000/33033",), INAPPLICABLE), (("101011",), ("11", 0, 4)), (("10102",), ("2", 0, 4))],
    "most_common_object": [(("20101",), ("1", 0, 2)), (("102",), ("1", 0, 0)), (("0",), INAPPLICABLE)],
    "pick_object": [(("10203", 1), ("2", 0, 2)), (("10203", -1), ("3", 0, 4)), (("10203", 3), INAPPLICABLE)],
    "sort_by_size": [(("111022/000000/300000",), [("3", 2, 0), ("22", 0, 4), ("111", 0, 0)])],
    "sort_by_column": [(("0010/0000/2000",), [("2", 2, 0), ("1", 0, 2)])],
    "objects_of_color": [(("10201", 1), [("1", 0, 0), ("1", 0, 4)]), (("10201", 5), [])],
    "objects_of_size": [(("110201", 1), [("2", 0, 3), ("1", 0, 5)])],
    "objects_with_holes": [(("11102/10100/11100",), [("111/101/111", 0, 0)])],
    "border_objects": [
        (("00000/00000/00000", "10000/00200/00000"), [("1", 0, 0)]),
        (("0000/0000", "010/000"), [("1", 0, 1)]),
    ],
    # objects again
    "count_objects": [(("10203",), 3), (("000",), 0)],
    "count_holes": [(("11111/10101/11111",), 2), (("111/101/110",), 1), (("111/001",), 0)],
    "object_size": [(("0110/0010",), 3)],
    "object_color": [(("0122",), 2), (("03",), 3)],
    "object_grid": [(("000/012",), "12")],
    "object_grids": [(("10220",), ["1", "22"])],
    "crop_object": [(("123/456", "000/077"), "56"), (("12", "0000/0007"), INAPPLICABLE)],
    "recolor_object": [(("0120", 7), ("77", 0, 1))],
    "recolor_objects": [(("102", 7), [("7", 0, 0), ("7", 0, 2)])],
    "move_object": [(("010/000", 1, -1), ("1", 1, 0)), (("01", -3, 0), ("1", -3, 1))],
    "paint_object": [(("555/555", "010/200"), "515/255"), (("55", "0001"), "55")],
    "paint_objects": [(("55555", "10020"), "15525")],
    "remove_object": [(("0340", "0300"), "0040"), (("8381", "0300"), "8881")],
    "remove_objects": [(("03405", "03005"), "00400")],
    "keep_objects": [(("0343", "0300"), "0300"), (("8384", "0300"), "8388")],
    # panels
    "logical_and": [(("0110", "0101", 7), "0700"), (("01", "0", 7), INAPPLICABLE), (("111", "010", 7), "070")],
    "logical_or": [(("0110", "0202", 7), "0777")],
    "logical_xor": [(("0110", "0202", 7), "0077")],
    "logical_nor": [(("0110", "0202", 7), "7000")],
    "logical_difference": [(("0110", "0202", 7), "0070")],
    "overlay": [
        (("0110", "0202"), "0212"),
        (("01", "0"), INAPPLICABLE),
        (("111", "020"), "121"),
        (("000", "333"), "333"),
    ],
    "overlay_all": [((["1100", "0220", "0003"],), "1223"), (([],), INAPPLICABLE)],
    "pick_grid": [((["1", "2", "3"], 1), "2"), ((["1"], -1), "1"), ((["1"], 1), INAPPLICABLE)],
    "odd_grid_out": [
        ((["10", "01", "10"],), "01"),
        ((["10", "20", "02"],), "02"),
        ((["120", "021", "330"],), "021"),
        ((["1", "1"],), INAPPLICABLE),
    ],
    "most_common_grid": [((["10", "01", "01"],), "01"), (([],), INAPPLICABLE)],
    "fullest_grid": [((["10", "11", "01"],), "11"), (([],), INAPPLICABLE)],
    "emptiest_grid": [((["11", "10", "01"],), "10"), (([],), INAPPLICABLE)],
    "most_colorful_grid": [((["110", "123"],), "123"), (([],), INAPPLICABLE)],
    "symmetric_grid": [((["110", "101/121"],), "101/121"), ((["10"],), INAPPLICABLE)],
    # filling
    "fill_enclosed": [(("0111/0101/0111", 4), "0111/0141/0111"), (("01010/10101/01010", 4), "01010/14141/01010")],
    "fill_background": [(("0120", 5), "5125"), (("8818", 5), "5515")],
    "flood_fill": [
        (("0101/0011", 0, 0, 5), "5101/5511"),
        (("01", 0, 2, 5), INAPPLICABLE),
        (("0110", 0, -1, 3), "0113"),
    ],
    "fill_bounding_boxes": [(("1000/0102/0000", 7), "1700/7102/0000"), (("11/11", 7), "11/11")],
    "connect": [
        (("1001/0000/1020",), "1111/1000/1020"),
        (("1881/8888",), "1111/8888"),
        (("010/000/111",), "010/010/111"),
    ],
    "connect_with": [(("1001/0000/1020", 5), "1551/5000/1020"), (("1881/8888", 5), "1551/8888")],
    "extend_right": [(("0102/3000",), "0112/3333"), (("8818/8888",), "8811/8888")],
    "extend_left": [(("0102/0003",), "1122/3333")],
    "extend_down": [(("01/00/20/00",), "01/01/21/21")],
    "extend_up": [(("00/20/00/01",), "21/21/01/01")],
    "extend_diagonally": [(("0000/0200/0000/0000",), "2020/0200/2020/0002"), (("020/030/000",), "323/232/303")],
    "outline": [(("0000/0000/0030", 1), "0000/0111/0131"), (("000/020/000", 1, False), "010/121/010")],
    "color_interior": [
        (("00000/05550/05550/05550/00000", 2), "00000/05550/05250/05550/00000"),
        (("01110/01210/01110", 4), "01110/01210/01110"),
    ],
    "draw_border": [(("0000/0120/0000", 8), "8888/8128/8888"), (("1", 8), "8")],
    "gravity_down": [(("12/00/30/00",), "00/00/10/32"), (("818/888",), "888/818")],
    "gravity_up": [(("00/12/00/30",), "12/30/00/00"), (("888/818",), "818/888")],
    "gravity_right": [(("1020/3000",), "0012/0003"), (("8188",), "8881")],
    "gravity_left": [(("0102/0003",), "1200/3000"), (("8818",), "1888")],
    # symmetry
    "symmetrize_horizontal": [(("1200/0034",), "1221/4334")],
    "symmetrize_vertical": [(("10/20/03",), "13/20/13")],
    "symmetrize_diagonal": [(("120/003/400",), "124/203/430"), (("12",), INAPPLICABLE)],
    "symmetrize_rotation": [(("120/000/000",), "121/202/121"), (("12",), INAPPLICABLE)],
    "repair_symmetry": [
        (("1221/3943/3443/1221", 9), "1221/3443/3443/1221"),
        (("12321/45654/12399/45699", 9), "12321/45654/12321/45654"),
        (("123", 9), INAPPLICABLE),
        (("999", 9), INAPPLICABLE),
        (("1239", 9), INAPPLICABLE),
    ],
    "repair_pattern": [
        (("1212/3900/1212/3434", 9), INAPPLICABLE),
        (("1212/3499/1299/3434", 9), "1212/3434/1212/3434"),
        (("123123120", 0), "123123123"),
        (("123", 9), INAPPLICABLE),
        (("999", 9), INAPPLICABLE),
    ],
    "denoise": [(("00000/03000/00022",), "00000/00000/00022"), (("555/575/555",), "555/555/555"), (("4",), "4")],
    # scenes
    "dominant_color": [(("4401",), 4), (("12",), 1)],
    "colors_by_count": [(("4401/1111",), [1, 4, 0]), (("7",), [7])],
    "objects_on": [
        (("80/82", 8), [("0", 0, 1), ("2", 1, 1)]),
        (("110/002", 0, True, True), [("110/002", 0, 0)]),
        (("110/002", 0, False, True), [("11", 0, 0), ("2", 1, 2)]),
    ],
    "objects_in_color": [(("202/001/020", 2), [("2", 0, 0), ("2", 0, 2), ("2", 2, 1)]), (("202", 5), [])],
    "color_regions": [
        (("010/010",), [("0/0", 0, 0), ("1/1", 0, 1), ("0/0", 0, 2)]),
        (("11/01",), [("11/11", 0, 0), ("0", 1, 0)]),
    ],
    "object_cells": [(("03/00", "03/00"), "01/00"), (("0", "00/03"), "0")],
    "object_from_cells": [(("0304", "0101"), ("304", 0, 1)), (("03", "00"), INAPPLICABLE), (("03", "1"), INAPPLICABLE)],
    "color_object": [(("0304", 3), ("3", 0, 1)), (("444/240/402", 2), ("244/442", 1, 0)), (("03", 5), INAPPLICABLE)],
    # drawing
    "draw_line": [
        (("000/000", 0, 0, 0, 2, 4), "444/000"),
        (("000/000", 1, 2, 0, 1, 4), "040/004"),
        (("000", 0, -3, 0, 1, 4), "440"),
        (("000/000/000", 0, 0, 1, 2, 4), INAPPLICABLE),
    ],
    "draw_ray": [
        (("0701", 0, 1, 0, 1, 4), "0744"),
        (("00/70", 1, 0, -1, 1, 4), "04/70"),
        (("0", 0, 0, 0, 0, 4), ValueError),
    ],
    "draw_ray_over": [(("07010", 0, 1, 0, 1, 4, 0), "07410"), (("07", 0, 1, 0, -1, 4, 5), "07")],
    "draw_box": [(("0000/0000/0000", 0, 0, 2, 2, 4), "4440/4040/4440"), (("00/00", -1, -1, 0, 0, 4), "40/00")],
    "fill_box": [(("000/000", 0, 1, 1, 2, 4), "044/044"), (("00", 5, 5, 6, 6, 4), "00")],
    "surround": [(("000/030/000", "000/030/000", 1), "111/131/111")],
    "paste": [(("000/000", "56", 1, 2), "000/005"), (("000", "56", 0, -1), "600"), (("0", "5", 3, 3), "0")],
    "paste_over": [(("111", "06", 0, 1, 0), "116")],
    "paint_cells": [(("102", "101", 5), "505"), (("10", "1", 5), INAPPLICABLE)],
    # motion
    "place_object": [(("03", 4, 5), ("3", 4, 5))],
    "erase_object": [(("434", "030", 4), "444")],
    "slide_object": [
        (("3005", "3005", 0, 1, 0), ("3", 0, 2)),
        (("30/33/00/00", "30/33/00/00", 1, 0, 0), ("30/33", 2, 0)),
        (("3", "30", 0, 0, 0), ValueError),
    ],
    "turn_object": [(("034", 1), ("3/4", 0, 1)), (("034", -1), ("4/3", 0, 1))],
    "mirror_object": [(("034", False), ("43", 0, 1)), (("03/04", True), ("4/3", 0, 1))],
    "scale_object": [(("03", 2), ("33/33", 0, 1)), (("03", 31), INAPPLICABLE), (("03", 0), INAPPLICABLE)],
    # relations
    "is_rectangle": [(("330",), True), (("33/30",), False)],
    "is_line": [(("330",), True), (("30",), False), (("33/33/00",), False)],
    "is_frame": [(("333/303/333",), True), (("330/303/333",), False), (("33/33/00",), False)],
    "is_mirrored": [(("303/333", False), True), (("303/333", True), False), (("340", False), False)],
    "on_border": [(("000/030/000", "000/030/000"), False), (("03/00", "03/00"), True)],
    "same_shape": [(("30", "04"), True), (("330", "300/300"), False)],
    "same_shape_turned": [(("330", "300/300"), True), (("330", "30"), False), (("300/330", "033/003"), True)],
    "touching": [
        (("30", "03"), True),
        (("300", "003"), False),
        (("30/00", "00/03"), True),
        (("30/00", "00/03", False), False),
    ],
    "inside_box": [(("000/040/000", "333/303/333"), True), (("333/303/333", "000/040/000"), False)],
    "enclosed_cells": [
        (("222/202/222", 2), "000/010/000"),
        (("020/202/020", 2), "000/010/000"),
        (("220/202/222", 2), "000/010/000"),
    ],
    "reachable_cells": [(("1101", 0, 0), "1100"), (("10/01", 0, 0, True), "10/01"), (("10", 0, 2), INAPPLICABLE)],
    "grow_cells": [(("000/010/000",), "111/111/111"), (("000/010/000", False), "010/111/010")],
    "find_pattern": [(("1212", "12"), [(0, 0), (0, 2)]), (("1", "12"), [])],
    "largest_rectangle": [(("200/200", 0), ("00/00", 0, 1)), (("010", 0), ("0", 0, 0)), (("1", 0), INAPPLICABLE)],
    # lattices
    "lines_of": [(("50/55", 5, False), [1]), (("50/55", 5, True), [0])],
    "separator_color": [(("051/250",), 5), (("12/21",), INAPPLICABLE), (("0000/5555/0700/0000",), 5)],
    "panel_rows": [(("152/555/354", 5), [["1", "2"], ["3", "4"]]), (("55", 5), INAPPLICABLE)],
    "halves": [
        (("152/053",), ["1/0", "2/3"]),
        (("12/55/30",), ["12", "30"]),
        (("1524/1534",), INAPPLICABLE),
        (("152/555",), INAPPLICABLE),
    ],
    "repeat_to": [(("12", 2, 3), "121/121"), (("12/34", 1, 1), "1"), (("1", 31, 1), INAPPLICABLE)],
    "eight_views": [(("12",), ["12", "1/2", "21", "2/1", "1/2", "21", "2/1", "12"])],
    # asked for by several solvers
    "turn": [(("123/456", 1), "41/52/63"), (("123/456", -1), "36/25/14"), (("12", 4), "12")],
    "stretch": [
        (("12", 1, 2), "1122"),
        (("12", 2, 1), "12/12"),
        (("1", 31, 1), INAPPLICABLE),
        (("1", 0, 1), INAPPLICABLE),
    ],
    "paint_cell": [(("00/00", 1, 0, 4), "00/40"), (("00", 0, -1, 4), "00"), (("00", 1, 0, 4), "00")],
    "fill_inside": [(("333/303/333", "333/303/333", 4), "333/343/333"), (("330/330", "330/330", 4), "330/330")],
    "objects_by_color_on": [(("8020", 8), [("080", 0, 1), ("2", 0, 2)]), (("88", 8), [])],
    "panels_between": [(("152/555/354", 5), ["1", "2", "3", "4"]), (("55", 5), INAPPLICABLE)],
    "shared_color": [((["110", "202"],), 0), ((["11", "22"],), INAPPLICABLE), (([],), INAPPLICABLE)],
    "between_cells": [(("30040", 0, False), "01100"), (("3/0/4/0", 0, True), "0/1/0/0"), (("30", 0, False), "00")],
}
# Cell maps have facts in a file of their own.
OTHER_FILES = {"features": "test_features.py", "components": "test_features.py"}


def grid_of(text: str) -> Grid:
    return np.array([[int(cell) for cell in row] for row in text.split("/")], dtype=np.int8)


def text_of(grid: Grid) -> str:
    assert grid.dtype == np.int8
    return "/".join("".join(map(str, row)) for row in grid.tolist())


def argument(kind: Any, value: Any) -> Any:
    if kind == Grid:
        return grid_of(value)
    if kind == list[Grid]:
        return [grid_of(text) for text in value]
    if kind == Cells:
        return grid_of(value) > 0
    if kind == Object:
        return find_objects(grid_of(value), True, True)[0]
    if kind == list[Object]:
        return find_objects(grid_of(value))
    return value


def plain(kind: Any, value: Any) -> Any:
    if kind == Grid:
        return text_of(value)
    if kind == Object:
        return text_of(value.grid), value.row, value.col
    if kind == Cells:
        return text_of(value.astype(np.int8))
    if typing.get_origin(kind) is list and kind != Places:
        return [plain(typing.get_args(kind)[0], one) for one in value]
    return value


@pytest.mark.parametrize(
    ("name", "case"),
    [pytest.param(name, case, id=f"{name}-{i}") for name in FACTS for i, case in enumerate(FACTS[name])],
)
def test_fact(name: str, case: tuple[tuple[Any, ...], Any]) -> None:
    word = PRIMITIVES[name]
    values, expected = case
    arguments = [argument(kind, value) for kind, value in zip(word.argument_types, values, strict=False)]
    if expected is INAPPLICABLE:
        with pytest.raises(ValueError):  # noqa: PT011 - the kind is the contract, the wording is not
            word.function(*arguments)
    else:
        assert plain(word.result_type, word.function(*arguments)) == expected


def test_the_tested_set_is_the_set() -> None:
    elsewhere = {word.name for word in PRIMITIVES.values() if word.group in OTHER_FILES}
    assert set(FACTS) | elsewhere == set(PRIMITIVES)

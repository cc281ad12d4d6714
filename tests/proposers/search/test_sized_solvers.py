"""The solvers of outputs that differ in size from their inputs, on made-up tasks of their kinds, and on noise."""

from __future__ import annotations

import pytest

from arc_solver.grids import grids_equal
from arc_solver.proposers.search.examples import Examples
from arc_solver.proposers.search.solvers import (
    answering,
    assembly,
    blocks,
    counting,
    growth,
    listings,
    overlays,
    rebased,
    sequences,
    summaries,
    verdicts,
    windows,
)
from arc_solver.proposers.search.solvers.crops import choices
from arc_solver.proposers.search.solvers.size_law import factor_laws, relations, side_laws
from arc_solver.sandbox.verdicts import Ok, Program

# name -> (solver, training pairs, test input, the right answer)
SOLVED = {
    "inside of the largest frame": (
        assembly,
        [
            ("111110/102010/100010/111110/000333", "020/000"),
            ("000000/044444/040504/040604/044444", "050/060"),
            ("2220000/2020000/2227777/0007097/0007777", "09"),
        ],
        "555500/500500/580500/555500/000033",
        "00/80",
    ),
    "between corner marks, in their colour": (
        assembly,
        [
            ("40040/01100/01000/40040/00000", "44/40"),
            ("000000/030003/001010/011110/030003", "303/333"),
            ("700700/010000/011000/700700/000000", "70/77"),
        ],
        "500050/011100/000100/500050/000000",
        "555/005",
    ),
    "a colour for every noisy panel": (
        summaries,
        [
            ("1140222/1110282/0000000/3330559/3130555", "12/35"),
            ("7770998/7170999/0000000/4440111/4420181", "79/41"),
            ("2220333/2420333/0000000/5550666/5550766", "23/56"),
        ],
        "8880111/8810171/0000000/2220444/2240444",
        "81/24",
    ),
    "a row of the answer for every panel, by its form": (
        summaries,
        [
            ("33303330030/30303330333/33303330030", "6666/2222/4444"),
            ("03000300333/33303330333/03000300333", "4444/4444/2222"),
            ("33303330333/33303030303/33303330333", "2222/6666/6666"),
        ],
        "03003330333/33303030333/03003330333",
        "4444/6666/2222",
    ),
    "a column for every panel": (
        summaries,
        [
            ("33303330030/30303330333/33303330030", "624/624/624/624"),
            ("03000300333/33303330333/03000300333", "442/442/442/442"),
            ("33303330333/33303030303/33303330333", "266/266/266/266"),
        ],
        "03003330333/33303030333/03003330333",
        "462/462/462/462",
    ),
    "a block for every panel": (
        summaries,
        [
            ("33303330030/30303330333/33303330030", "662244/662244"),
            ("03000300333/33303330333/03000300333", "444422/444422"),
            ("33303330333/33303030303/33303330333", "226666/226666"),
        ],
        "03003330333/33303030333/03003330333",
        "446622/446622",
    ),
    "colours of objects from left to right": (
        listings,
        [("0030/1000/1020", "132"), ("0400/0002/7000", "742"), ("5000/0060/0600", "566")],
        "0080/0100/3000",
        "318",
    ),
    "bars of the colours' numbers": (
        listings,
        [
            ("1010/0200/1000", "111/200"),
            ("3300/0400/3040", "333/440"),
            ("0500/5660/5506/0050", "55555/66600"),
        ],
        "7070/0808/0090/7000",
        "777/880/900",
    ),
    "counted on every second cell": (
        counting,
        [
            ("3030/0000", "101/000/000"),
            ("3030/0000/3000", "101/010/000"),
            ("3000/0000", "100/000/000"),
        ],
        "3030/0000/3030",
        "101/010/100",
    ),
    "how much longer one bar is than the other, down the diagonal": (
        counting,
        [
            ("4444400/0000000/0660000", "400/040/004"),
            ("0000000/0444000/6600000", "400/000/000"),
            ("6000000/0000000/0000444", "400/040/000"),
        ],
        "0000000/4444000/0000066",
        "400/040/000",
    ),
    "the empty columns of a trough": (
        counting,
        [
            ("777777/730007/773007/777777", "333"),
            ("7777/7307/7777", "3"),
            ("077777/073307/073007/077777", "33"),
        ],
        "77777770/73300070/77777770",
        "333",
    ),
    "inside of four lines that cross": (
        assembly,
        [
            ("501000200/331333233/001005200/001050200/001000200/441444244/001000200/001000205", "005/050/000"),
            ("0200000805/0200000800/6266666866/0205000800/0200050800/7777777777/0200500800", "05000/00050"),
        ],
        "111411111/000405800/000450800/000400800/222422222/000400800/500400800",
        "05/50/00",
    ),
    "the box whose corners are joined by lines": (
        assembly,
        [
            ("30000030/00322230/00003000/00000000/00322230/00000000/30000003", "32223/00300/00000/32223"),
            ("60000006/00000000/06776000/00000000/00600000/00000000/06776000/60000006", "6776/0000/0600/0000/6776"),
        ],
        "400000004/400000000/000000000/000411140/000000000/000411140/000000000/400000004",
        "41114/00000/41114",
    ),
    "the half with fewer colours is the form, the other one says where": (
        assembly,
        [
            ("10/11/23/04", "2030/2233/0040/0044"),
            ("30/56/01/10", "0300/3000/0506/5060"),
        ],
        "11/01/07/82",
        "0077/0007/8822/0802",
    ),
    "the left half is the form, the right one says where and in which colour": (
        assembly,
        [
            (
                "101200/010020/101002",
                "202000000/020000000/202000000/000202000/000020000/000202000/000000202/000000020/000000202",
            ),
            (
                "010033/111000/001300",
                "000030030/000333333/000003003/000000000/000000000/000000000/030000000/333000000/003000000",
            ),
        ],
        "011500/010500/110050",
        "055000000/050000000/550000000/055000000/050000000/550000000/000055000/000050000/000550000",
    ),
    "as many cells as filled ones": (
        counting,
        [("200/020/000", "22"), ("333/000/000", "333"), ("004/000/000", "4")],
        "550/055/000",
        "5555",
    ),
    "pattern goes on in another colour": (
        growth,
        [
            ("101/010/101/010", "202/020/202/020/202/020"),
            ("110/011/110/011", "220/022/220/022/220/022"),
        ],
        "011/111/011/111",
        "022/222/022/222/022/222",
    ),
    "larger by the number of colours": (
        growth,
        [("12/00", "1122/1122/0000/0000"), ("123/000", "111222333/111222333/111222333/000000000/000000000/000000000")],
        "40/00",
        "40/00",
    ),
    "trails on a larger canvas": (
        growth,
        [("10/00", "1000/0100/0010/0001"), ("02/00", "0200/0020/0002/0000"), ("00/30", "0000/3000/0300/0030")],
        "00/04",
        "0000/0400/0040/0004",
    ),
    "quarters over each other": (
        overlays,
        [
            ("1020/0102/3004/0304", "24/02"),
            ("1122/1020/0040/3000", "22/20"),
            ("0001/1110/0220/3003", "21/13"),
        ],
        "1200/0012/0043/0300",
        "43/12",
    ),
    "a corner of fixed size, mirrored": (
        overlays,
        [("1234/5678/0000", "43/87"), ("1111/3456/2020", "11/65"), ("5050/9000/1111", "05/00")],
        "1238/4567/8901",
        "83/76",
    ),
    "the colour of the object with a hole": (
        answering,
        [
            ("111022/101022/111000", "1"),
            ("0333000/0303044/0333044", "3"),
            ("555060/500660/000000/077700/070700/077700", "7"),
        ],
        "880222/888202/000222",
        "2",
    ),
    "a key enlarged where the pattern is": (
        assembly,
        [
            ("8080000/0880000/8008000/0808000/0000012/0000034", "1020/0120/3004/0304"),
            ("8888000/0880000/0008000/8800000/0000056/0000079", "5566/0560/0009/7700"),
        ],
        "0808000/8808000/8008000/0800000/0000021/0000043",
        "0201/2201/4003/0400",
    ),
    "a small figure enlarged into its frame": (
        assembly,
        [
            (
                "444444000/400004000/400004000/400004000/400004012/444444021/000000000",
                "444444/411224/411224/422114/422114/444444",
            ),
            (
                "230000000/320000000/000000000/077777777/070000007/070000007/070000007/070000007/070000007/070000007/077777777/000000000",
                "77777777/72223337/72223337/72223337/73332227/73332227/73332227/77777777",
            ),
        ],
        "0888888/0800008/0800008/0800008/0800008/0888888/0000000/4600000/6600000",
        "888888/844668/844668/866668/866668/888888",
    ),
    "around every mark, laid over each other": (
        overlays,
        [
            ("00000000/15000000/00000000/00000000/00000200/00000520/00000000/00000000", "020/152/000"),
            ("000000000/010000000/005400000/000000000/000000500/000000030/000000000", "100/054/003"),
        ],
        "0000000/0000300/0000500/0000000/0000000/0000000/0650000/0020000/0000000",
        "030/650/020",
    ),
    "what most panels agree on": (
        overlays,
        [("720912091209120/012900290129012/301930193019501", "120/012/301"), ("40910943/54954954", "40/54")],
        "6639660906096609660/2069206920692069226",
        "660/206",
    ),
    "as many copies as cells": (
        growth,
        [
            (
                "123/040/011",
                "123123123/040040040/011011011/123123123/040040040/011011011/000000000/000000000/000000000",
            ),
            ("11/00", "1111/0000/0000/0000"),
        ],
        "20/00",
        "200000/000000/000000/000000/000000/000000",
    ),
    "the colours of the diagonal run on as angles": (
        sequences,
        [
            ("100/020/004", "124124/224124/444124/111124/222224/444444"),
            ("300/040/005", "345345/445345/555345/333345/444445/555555"),
        ],
        "600/070/008",
        "678678/778678/888678/666678/777778/888888",
    ),
    "the window with most cells": (
        windows,
        [
            ("0080480/5037410/5089380/2052701/2008000/0600100", "374/893/527"),
            ("0030090/9000002/0105065/3968776/2980020/7280207", "396/298/728"),
        ],
        "0000824/7800326/4083247/3380600/0044070/0205405",
        "824/326/247",
    ),
    "objects side by side": (
        listings,
        [("110003/010033", "1103/0133"), ("0500044/5500400", "05044/55400"), ("202060/222066", "20260/22266")],
        "0077008/0700088",
        "07708/70088",
    ),
    "pieces put together, each in the corner that it fills": (
        listings,
        [
            ("333040000/003044400/000000000/000000010/000001110/222000000/200000000", "222333/200003/400001/444111"),
            ("008005550/888005000/000000000/000000700/066600777/000600000/000000000", "555666/500006/700008/777888"),
        ],
        "000000030/999003330/900000000/000000000/000000000/050000222/055500002",
        "999222/900002/500003/555333",
    ),
    "pieces put together, each in the corner that its mark is in": (
        listings,
        [
            ("0250000/0220000/0000330/0000530/4400000/4500051/0000011", "5125/1122/3344/5345"),
            ("0000560/9900660/9500000/0000000/0000880/7500580/7700000", "5675/6677/8899/5895"),
        ],
        "1103300/5103500/0000000/5200000/2200000/0000095/0000099",
        "5295/2299/1133/5135",
    ),
    "the colours of the lines, as bars, blocks left out": (
        listings,
        [
            ("1111111/0000000/0330000/0332222/0000000/4444444", "111/222/444"),
            ("600008/600778/600778/600008", "68/68"),
        ],
        "0005010/2205010/2205010/0005010",
        "51/51",
    ),
    "objects on a lattice": (
        listings,
        [
            ("00000/01103/01103/00000/04400", "13/40"),
            ("2200050/2200050/0000000/0000060", "25/06"),
            ("0000000/0770330/0770330/0000000/0880000", "73/80"),
        ],
        "0000/0602/0000/0700",
        "62/70",
    ),
    "stripes told in their direction": (
        listings,
        [("1122/1122/1122", "12"), ("444/777/777", "4/7"), ("5688/5688", "568")],
        "333/333/222/111",
        "3/2/1",
    ),
    "a pattern in the colour of each cell": (
        blocks,
        [("12/00", "0102/1020/0000/0000"), ("03/40", "0003/0030/0400/4000"), ("30/12", "0300/3000/0102/1020")],
        "50/06",
        "0500/5000/0006/0060",
    ),
    "symmetric or not": (
        verdicts,
        [
            ("101/222", "11/00"),
            ("110/202", "02/20"),
            ("303/333", "11/00"),
            ("400/040", "02/20"),
            ("050/555", "11/00"),
        ],
        "606/060",
        "11/00",
    ),
    "the content, mirrored below itself": (
        rebased,
        [("0000/0120/0000", "12/12"), ("00000/03400/05600/00000", "34/56/56/34"), ("0000/0089", "89/89")],
        "0000/7900/8700/0000",
        "79/87/87/79",
    ),
}


def answers(solver, task, runner):
    inputs = (*(pair.input for pair in task.train), *task.test_inputs)
    drafts = list(solver.solve(Examples.of_task(task)))
    return drafts, runner.confirm([Program(draft.source, inputs) for draft in drafts])


@pytest.mark.parametrize("name", SOLVED)
def test_the_cheapest_program_is_right(name: str, runner, toy_task, toy_grid) -> None:
    solver, pairs, test, answer = SOLVED[name]
    task = toy_task(pairs, test)
    drafts, verdicts = answers(solver, task, runner)
    assert drafts
    best = min(range(len(drafts)), key=lambda index: drafts[index].cost)
    verdict = verdicts[best]
    assert isinstance(verdict, Ok), drafts[best].source
    assert grids_equal(verdict.outputs[-1], toy_grid(answer)), drafts[best].source


@pytest.mark.parametrize("name", SOLVED)
def test_every_program_fits_the_pairs(name: str, runner, toy_task) -> None:
    solver, pairs, test, _ = SOLVED[name]
    task = toy_task(pairs, test)
    for draft, verdict in zip(*answers(solver, task, runner), strict=True):
        fits = len(verdict.outputs) >= len(pairs) and all(
            grids_equal(a.output, b) for a, b in zip(task.train, verdict.outputs, strict=False)
        )
        assert fits, draft.source


@pytest.mark.parametrize(
    "solver",
    [
        answering,
        assembly,
        blocks,
        counting,
        growth,
        listings,
        overlays,
        rebased,
        sequences,
        summaries,
        verdicts,
        windows,
    ],
)
@pytest.mark.parametrize(
    "pairs",
    [
        [("123/405/678", "9087/1234"), ("31/42", "91827/36455")],
        [("1230/4056/6780/2222", "91/37"), ("3142/2004/5511/2020", "64/15"), ("3333/0120/1201/4444", "82/29")],
        [("10/02", "1234/5678/9123/4567"), ("30/04", "9876/5432/1987/6543")],
        [("12/30", "52/30"), ("11/20", "55/20")],
    ],
)
def test_nothing_is_written_for_noise_or_other_kinds(solver, pairs, toy_task) -> None:
    assert list(solver.solve(Examples.of_task(toy_task(pairs, pairs[0][0])))) == []


@pytest.mark.parametrize(
    ("shape", "wanted", "relation"),
    [
        ((3, 4), (3, 4), ("same", 0, 0)),
        ((3, 4), (4, 3), ("turned", 0, 0)),
        ((3, 4), (6, 12), ("times", 2, 3)),
        ((6, 4), (3, 2), ("over", 2, 2)),
        ((3, 4), (5, 6), ("plus", 2, 2)),
    ],
)
def test_relations_of_sizes(shape, wanted, relation) -> None:
    assert relation in set(relations(shape, wanted))


def test_a_figure_may_fill_a_frame_as_it_is_or_enlarged() -> None:
    assert ("framed", 0, 0) in set(relations((3, 4), (5, 6)))
    assert ("framed", 0, 0) in set(relations((3, 4), (8, 10)))
    assert ("framed", 0, 0) not in set(relations((3, 4), (4, 6)))


def test_unrelated_sizes_have_no_relation() -> None:
    assert not set(relations((3, 4), (10, 9)))


def test_a_side_may_be_a_count(toy_task) -> None:
    task = toy_task([("102/000", "0/0"), ("123/000", "0/0/0"), ("100/000", "0")], "1234/0000")
    laws = side_laws(Examples.of_task(task), 0)
    assert laws
    assert laws[0].sides == (2, 3, 1, 4)
    assert "count_colors(grid)" in laws[0].source


def test_sides_that_follow_nothing_have_no_law(toy_task) -> None:
    task = toy_task([("11/11", "0/0/0/0/0/0/0"), ("11/11", "0/0/0")], "11/11")
    assert side_laws(Examples.of_task(task), 0) == []


def test_factors_are_the_same_formula_for_both_sides_if_possible(toy_task) -> None:
    task = toy_task([("12/00", "1122/1122/0000/0000"), ("10/00", "10/00")], "12/30")
    height, width = factor_laws(Examples.of_task(task))[0]
    assert height.source == width.source == "count_colors(grid)"
    assert height.sides == (2, 1, 3)


def test_a_side_may_grow_by_a_shared_edge(toy_task) -> None:
    task = toy_task([("1/2", "1/2/1"), ("1/2/3", "1/2/3/2/1")], "1/2/3/4")
    laws = {law.source: law.sides for law in side_laws(Examples.of_task(task), 0)}
    assert laws["grid.shape[0] * 2 - 1"] == (3, 5, 7)


def test_a_feature_that_leaves_a_tie_singles_nothing_out(toy_task) -> None:
    by_size = ("objs = find_objects(grid, True, False)", "obj = max(objs, key=lambda obj: obj.size)")
    clear = toy_task([("110002", "11"), ("220333", "333")], "1011")
    tied = toy_task([("110022", "11"), ("220333", "333")], "1011")
    for task, chosen in ((clear, True), (tied, False)):
        found = {choice.statements for choice in choices(Examples.of_task(task), lambda *_: True)}
        assert (by_size in found) == chosen

"""A first step for the size and a second one for the rest, on made-up tasks."""

from __future__ import annotations

import pytest

from arc_solver.budget import Deadline
from arc_solver.grids import grids_equal
from arc_solver.proposers.search.edited import edited
from arc_solver.proposers.search.examples import Examples, TimeUp
from arc_solver.proposers.search.stages import EDITORS, TaskSearch
from arc_solver.sandbox.verdicts import Ok, Program

# name -> (training pairs, test input, the right answer)
SOLVED = {
    "cut out between lines, then every dot falls down and leaves a trail": (
        [
            (
                "30800080/88888888/00803080/00800080/00800380/00800080/88888888/00800080/00800080",
                "88888/80308/80308/80338/80338/88888",
            ),
            (
                "3800000800/0800000800/8888888888/0800003800/0803000800/0800000800/8888888888/0800000800",
                "8888888/8000038/8030038/8030038/8888888",
            ),
            (
                "300800080/000800080/000800080/888888888/000800080/000800080/000830080/000800080/888888888/000800080",
                "88888/80008/80008/83008/83008/88888",
            ),
        ],
        "380000800/888888888/080000800/080030800/080000800/083000800/080000800/888888888/080000800",
        "888888/800008/800308/800308/830308/830308/888888",
    ),
    "enlarged by the number of colours, then a diagonal leaves the square": (
        [
            (
                "00000/00000/00330/00330/80000",
                "2000000000/0200000000/0020000000/0002000000/0000333300/0000333300/0000333300/0000333300/"
                "8800000000/8800000000",
            ),
            ("0000/0040/0000/7000", "00200000/00020000/00004400/00004400/00000000/00000000/77000000/77000000"),
            (
                "00000/00660/00660/00000/31000",
                "000200000000000/000020000000000/000002000000000/000000666666000/000000666666000/"
                "000000666666000/000000666666000/000000666666000/000000666666000/000000000000000/"
                "000000000000000/000000000000000/333111000000000/333111000000000/333111000000000",
            ),
        ],
        "00000/00000/00080/00000/10000",
        "0020000000/0002000000/0000200000/0000020000/0000008800/0000008800/0000000000/0000000000/1100000000/1100000000",
    ),
    "cut out of the noise, then odd cells fill their rows": (
        [
            (
                "6808456290235/4100019167224/2918781364666/0959111111118/3258112111100/5349111111111/"
                "2654111111175/5259111112188/4399111111123/7169664923661/1686933701131/7830716196967/"
                "3811374894456",
                "1111111/2222222/1111111/1111111/2222222/1111111",
            ),
            (
                "4697344107436/5969533951880/1643018885135/9254557198724/4307071632948/1488888823075/"
                "3988888867640/7088388820921/6188888842617/4988888808427/8188888835470/2088888880653/"
                "4854765856456/8235368109577",
                "888888/888888/333333/888888/888888/888888/888888",
            ),
            (
                "90294320090122/83136421041563/50514444944441/74241444444445/16050444444444/87236444444941/"
                "72386444444447/42329030864734/37052923045742/09179316309917/40880109986025/41268193095619/"
                "43777215304734",
                "99999999/44444444/44444444/99999999/44444444",
            ),
        ],
        "69713542063398/59596356892135/89409212754347/89175320328833/71029490621667/18300006151788/"
        "24855555555482/05955555555792/34551555555457/07855555555431/54055555555354/21655551555654/"
        "54055555555609/25902726013554",
        "55555555/55555555/11111111/55555555/55555555/11111111/55555555",
    ),
}


@pytest.mark.parametrize("name", SOLVED)
def test_the_cheapest_program_is_right(name: str, runner, toy_task, toy_grid) -> None:
    pairs, test, answer = SOLVED[name]
    task = toy_task(pairs, test)
    drafts = list(edited(Examples.of_task(task), EDITORS))
    assert drafts
    best = min(drafts, key=lambda draft: draft.cost)
    (verdict,) = runner.confirm([Program(best.source, (*(pair.input for pair in task.train), *task.test_inputs))])
    assert isinstance(verdict, Ok), best.source
    for pair, output in zip(task.train, verdict.outputs, strict=False):
        assert grids_equal(pair.output, output), best.source
    assert grids_equal(verdict.outputs[-1], toy_grid(answer)), best.source


def test_the_second_pass_edits_though_the_enumerator_has_near_misses(toy_task) -> None:
    pairs, test, _ = SOLVED["enlarged by the number of colours, then a diagonal leaves the square"]
    drafts = TaskSearch(toy_task(pairs, test), Deadline.after(600)).thorough(200)
    assert "edited" in {draft.stage for draft in drafts}


def test_it_stops_when_the_deadline_has_passed(toy_task) -> None:
    pairs, test, _ = SOLVED[next(iter(SOLVED))]
    examples = Examples.of_task(toy_task(pairs, test), Deadline.after(0))
    with pytest.raises(TimeUp):
        list(edited(examples, EDITORS))


@pytest.mark.parametrize(
    "pairs",
    [
        [("120/000/003", "120/020/003"), ("400/050/000", "400/450/000")],
        [("1230/4056/6780/2222", "91/37"), ("3142/2004/5511/2020", "64/15")],
        [("0110/0110/0000", "11/11"), ("2200/2200/0000", "22/22")],
    ],
)
def test_nothing_is_written_for_the_same_size_nor_for_noise_nor_where_nothing_is_left_to_edit(pairs, toy_task) -> None:
    assert not list(edited(Examples.of_task(toy_task(pairs, pairs[0][0])), EDITORS))

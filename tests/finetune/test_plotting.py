from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from arc_solver.finetune.plotting import metrics_panels, metrics_svg, round_numbers, smoothed, thinned

SVG = "{http://www.w3.org/2000/svg}"
RECORDS = [
    {"step": 1, "loss": 4.0, "lr": 0.1},
    {"step": 2, "loss": None, "lr": 0.2, "skipped": True},
    {"step": 3, "loss": 1.0, "lr": 0.2, "held_out": {"a<b": 2.0, "c": 3.0}, "solved": {"c": [1, 4]}},
    {"step": 4, "loss": 2.0, "lr": 0.1, "held_out": {"a<b": 1.0, "c": 2.5}, "solved": {"c": [2, 4]}},
]


def test_panels_hold_the_metrics() -> None:
    training, held_out, solved, rate = metrics_panels(RECORDS)
    assert training.curves[0].points == ((1, 4.0), (3, 1.0), (4, 2.0))
    assert training.curves[1].points == ((1, 4.0), (3, 2.5), (4, 7 / 3))
    assert {curve.name: curve.points for curve in held_out.curves} == {
        "a<b": ((3, 2.0), (4, 1.0)),
        "c": ((3, 3.0), (4, 2.5)),
    }
    assert {curve.name: curve.points for curve in solved.curves} == {"a<b": (), "c": ((3, 0.25), (4, 0.5))}
    assert rate.curves[0].points == ((1, 0.1), (2, 0.2), (3, 0.2), (4, 0.1))
    # A learning task has one colour.
    assert {c.name: c.color for c in held_out.curves} == {c.name: c.color for c in solved.curves}


def test_the_picture_is_sound_and_says_what_it_shows() -> None:
    root = ElementTree.fromstring(metrics_svg(RECORDS))
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert {"training loss, nats a token", "held-out tasks solved, share", "learning rate"} <= set(texts)
    assert "a<b: 1" in texts
    assert "c: 0.5" in texts
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for line in root.iter(f"{SVG}polyline"):
        for point in line.attrib["points"].split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= width
            assert 0 <= y <= height
    # Of two points of a falling curve the later one lies further right and lower: y grows downwards.
    falling = next(line for line in root.iter(f"{SVG}polyline") if len(line.attrib["points"].split()) == 2)
    (x0, y0), (x1, y1) = (map(float, point.split(",")) for point in falling.attrib["points"].split())
    assert x1 > x0
    assert y1 > y0


def test_a_run_of_one_step_has_a_picture() -> None:
    svg = metrics_svg(RECORDS[:1])
    assert "held-out" not in svg
    ElementTree.fromstring(svg)


@given(values=st.lists(st.floats(0.1, 10), min_size=1, max_size=60), n=st.integers(1, 20))
def test_smoothing_is_a_mean_of_the_last_values(values: list[float], n: int) -> None:
    points = [(float(step), value) for step, value in enumerate(values)]
    means = smoothed(points, n)
    assert [step for step, _ in means] == [step for step, _ in points]
    for index, (_, mean) in enumerate(means):
        last = values[max(0, index + 1 - n) : index + 1]
        assert abs(mean - sum(last) / len(last)) < 1e-9


@given(n_points=st.integers(1, 300), most=st.integers(2, 50))
def test_thinning_keeps_both_ends(n_points: int, most: int) -> None:
    points = [(float(step), 0.0) for step in range(n_points)]
    kept = thinned(points, most)
    assert len(kept) == min(most, n_points)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert list(kept) == sorted(set(kept))


@given(low=st.floats(0, 1e4), span=st.floats(1e-6, 1e6))
def test_ticks_lie_inside_and_are_few(low: float, span: float) -> None:
    ticks = round_numbers(low, low + span)
    assert len(ticks) <= 7
    assert all(low - span * 1e-6 <= tick <= low + span * (1 + 1e-6) + low * 1e-9 for tick in ticks)

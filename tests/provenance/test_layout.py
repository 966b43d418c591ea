"""Boxes: every line leads to a later column, none upon another, the same for the same."""

from hypothesis import given
from hypothesis import strategies as st

from provenance.boxes import shortened
from provenance.layout import Layout, arrange

lines = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=25).map(
    lambda found: sorted({(min(a, b), max(a, b)) for a, b in found if a != b})
)
sizes = st.lists(st.tuples(st.floats(1, 400), st.floats(1, 400)), min_size=10, max_size=10)


def arranged(size: list[tuple[float, float]], line: list[tuple[int, int]], back: bool) -> Layout[int]:
    return arrange(dict(enumerate(size)), line, backwards=back)


@given(sizes, lines, st.booleans())
def test_boxes_are_apart_and_time_goes_to_the_right(
    size: list[tuple[float, float]], line: list[tuple[int, int]], back: bool
) -> None:
    layout = arranged(size, line, back)
    boxes = list(layout.boxes.values())
    assert len(boxes) == 10
    for n, one in enumerate(boxes):
        assert 0 <= one.x <= one.x + one.width <= layout.width + 1e-6
        assert -1e-6 <= one.y <= one.y + one.height <= layout.height + 1e-6
        for other in boxes[n + 1 :]:
            assert (
                one.x + one.width <= other.x or other.x + other.width <= one.x
                or one.y + one.height <= other.y + 1e-6 or other.y + other.height <= one.y + 1e-6
            )  # fmt: skip
    for near, far in line:
        earlier, later = (far, near) if back else (near, far)
        assert layout.boxes[earlier].right < layout.boxes[later].left


def test_a_circle_has_a_picture_too() -> None:
    layout = arranged([(10.0, 10.0)] * 10, [(0, 1), (1, 2), (2, 0)], back=True)
    assert len({box.left for box in layout.boxes.values()}) >= 2


def test_a_box_alone_fills_the_picture() -> None:
    layout = arrange({"a": (30.0, 20.0)}, [], backwards=True)
    assert (layout.width, layout.height) == (30.0, 20.0)


@given(st.text(), st.integers(3, 40))
def test_a_shortened_text_is_short_and_keeps_its_ends(text: str, longest: int) -> None:
    found = shortened(text, longest)
    assert len(found) <= longest
    if len(text) > longest:
        assert found[0] == text[0]
        assert found[-1] == text[-1]
    else:
        assert found == text

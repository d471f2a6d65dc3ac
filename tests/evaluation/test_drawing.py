from itertools import combinations

from matplotlib.colors import to_rgb

from evaluation.drawing import GRID, INK, SOFT_INK, shorten, style_of

ARMS = ("original", "untransformed", "cold", "warm", "correcting", "system-prompt", "another")


def luminance(colour):
    """Relative luminance of sRGB, as WCAG 2 defines it."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in to_rgb(colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_luminance_is_that_of_the_standard():
    assert contrast("#ffffff", "#000000") == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


def test_any_two_arms_differ_in_grey_by_marker_and_by_shade_or_hatch():
    styles = [style_of(arm, ARMS) for arm in ARMS]
    assert len({style.marker for style in styles}) == len(ARMS)
    for one, other in combinations(styles, 2):
        assert one.hatch != other.hatch or contrast(one.fill, other.fill) >= 3


def test_words_can_be_read_and_the_grid_stays_behind():
    assert contrast(INK, "#ffffff") >= 7
    assert contrast(SOFT_INK, "#ffffff") >= 4.5
    assert contrast(GRID, "#ffffff") < 1.5


def test_a_name_that_is_too_long_ends_in_an_ellipsis():
    assert shorten("sad", 5) == "sad"
    assert shorten("disinformation", 8) == "disinfo…"

from datetime import timedelta

from audit_app.tabs import Tabs


def test_one_tab_alone_is_told_of_no_other(noon):
    tabs = Tabs()
    beats = [tabs.hear("anna", "a", noon + timedelta(seconds=15 * n)) for n in range(5)]
    assert beats == [False] * 5


def test_two_tabs_are_told_of_each_other_whatever_the_order_of_their_beats(noon):
    tabs = Tabs()
    beats = [
        tabs.hear("anna", tab, noon + timedelta(seconds=second))
        for second, tab in [(0, "a"), (1, "b"), (15, "a"), (30, "a"), (40, "b"), (45, "a")]
    ]
    assert beats == [False, True, True, True, True, True]


def test_a_tab_counts_as_open_for_45_seconds_after_its_last_beat(noon):
    tabs = Tabs()
    tabs.hear("anna", "closed", noon)
    assert tabs.hear("anna", "open", noon + timedelta(seconds=45))
    tabs.hear("bert", "closed", noon)
    assert not tabs.hear("bert", "open", noon + timedelta(seconds=46))


def test_the_tabs_of_another_rater_do_not_matter(noon):
    tabs = Tabs()
    tabs.hear("anna", "a", noon)
    assert not tabs.hear("bert", "b", noon)

import pytest

from audit_app.shown_texts import as_shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\n\n  I hear you.  \n", "I hear you."),
        ("One.\n\n\n\nTwo.", "One.\n\nTwo."),
        ("One.\n \t\n\n \nTwo.", "One.\n\nTwo."),
        ("One.  \nTwo.\t\n\nThree.", "One.\nTwo.\n\nThree."),
        ("One.\r\n\r\nTwo.\rThree.", "One.\n\nTwo.\nThree."),
        ("  - a list\n    - keeps its inner indents", "- a list\n    - keeps its inner indents"),
        ("\u00a0\u2003hello\u3000", "hello"),
        ("", ""),
    ],
)
def test_blanks_that_show_a_models_habit_are_taken_away(text, shown):
    assert as_shown(text) == shown
    assert as_shown(shown) == shown

"""Plain pages around the three real ones: their frame, the front door, a question, and a refusal.

No script is in them, and nothing that comes from elsewhere.
"""

from collections.abc import Mapping
from html import escape

_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="/assets/icon.svg">
<link rel="stylesheet" href="/assets/app.css">
</head>
<body class="wa-plain">
<main class="wa-sheet">
{body}
</main>
</body>
</html>
"""

_HOW_TO_COME_IN = """<h1>warmth-audit</h1>
<p>A study in which people compare replies of language models without knowing where they come from.</p>
<p>You come in by a personal link. If you were invited and have none, ask the study's owner;
the owner's own link is printed in the terminal where the study was started.</p>"""

_SIGN_IN = """
<p><a href="{address}">Sign in with Hugging Face</a> to take part with your account there.</p>"""

_SIGNED_IN = """<h1>warmth-audit</h1>
<p>This browser is signed in for more than one page.</p>
<ul class="wa-places">
{places}
</ul>
<form method="post" action="/sign-out"><button class="wa-quiet">Sign out</button></form>"""

_NAMES = {
    "annotator": "Rate pairs of replies",
    "auditor": "Audit replies",
    "owner": "Watch the study and its results",
}


def plain_page(title: str, body: str) -> str:
    """A page of this look.

    Args:
        title: plain text, for the browser's tab.
        body: HTML in which all that is not ours is escaped already.
    """
    return _FRAME.format(title=escape(title), body=body)


def welcome_page(places: Mapping[str, str], login: str | None = None) -> str:
    """The front door: the pages that this browser may open, by role, or how to come in.

    Args:
        login: where somebody with a Hugging Face account begins; None when the study takes none.
    """
    if not places:
        way = "" if login is None else _SIGN_IN.format(address=escape(login))
        return plain_page("warmth-audit", _HOW_TO_COME_IN + way)
    lines = "\n".join(
        f'<li><a href="{escape(path)}">{_NAMES[role]}</a></li>' for role, path in places.items()
    )
    return plain_page("warmth-audit", _SIGNED_IN.format(places=lines))


def confirm_page(heading: str, sentence: str, button: str, stay: str | None) -> str:
    """A question before somebody is signed in: one button, which sends a POST to the same address.

    Args:
        stay: where who does not want it goes on; None leads nowhere.
    """
    instead = "" if stay is None else f'\n<p><a href="{escape(stay)}">Leave it as it is</a></p>'
    body = (
        f"<h1>{escape(heading)}</h1>\n<p>{escape(sentence)}</p>\n"
        f'<form method="post"><button class="wa-submit">{escape(button)}</button></form>{instead}'
    )
    return plain_page(f"{heading} · warmth-audit", body)


def refused_page(sentence: str) -> str:
    """One sentence on why somebody cannot come in, and what to do."""
    body = f"<h1>You cannot come in here</h1>\n<p>{escape(sentence)}</p>"
    return plain_page("Not let in · warmth-audit", body)

"""Plain pages around the three real ones: the front door, and a refusal. No script is in them."""

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


def welcome_page(places: Mapping[str, str]) -> str:
    """The front door: the pages that this browser may open, by role, or how to get a link."""
    if not places:
        return _FRAME.format(title="warmth-audit", body=_HOW_TO_COME_IN)
    lines = "\n".join(
        f'<li><a href="{escape(path)}">{_NAMES[role]}</a></li>' for role, path in places.items()
    )
    return _FRAME.format(title="warmth-audit", body=_SIGNED_IN.format(places=lines))


def refused_page(sentence: str) -> str:
    """One sentence on why somebody cannot come in, and what to do."""
    body = f"<h1>You cannot come in here yet</h1>\n<p>{escape(sentence)}</p>"
    return _FRAME.format(title="Sign in first · warmth-audit", body=body)

"""How the plain pages before and after rating look: consent, the questions, refusals, the end.

HTML without any script. What a study's owner wrote comes as rendered Markdown from `rater_texts.py`;
all other text is escaped here. Which page is due is decided in `start.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from audit_app.completion import prolific_address
from audit_app.exit_surveys import GUESSES, LONGEST_TEXT, QUESTION, ExitSurvey
from audit_app.onboarding import ATTEMPTS, Comprehension
from audit_app.outlooks import WaitWords
from audit_app.pages.welcome import plain_page
from audit_app.rater_texts import ComprehensionQuestion, RaterTexts

_LEAVE = (
    '<form class="wa-leave" method="post" action="/sign-out">'
    '<button class="wa-quiet">Sign out</button></form>'
)
_AGREE = '<button class="wa-submit" name="answer" value="agree">I agree and take part</button>'
_DECLINE = '<button class="wa-quiet" name="answer" value="decline">I do not take part</button>'


def consent_page(texts: RaterTexts, problem: str | None = None) -> str:
    """What taking part means, and two buttons."""
    return _page(
        "Before you begin",
        f"{_alert(problem)}{texts.consent_html}"
        f'<form method="post" action="/start/consent"><div class="wa-end">{_AGREE}{_DECLINE}</div>'
        "</form>",
        is_error=problem is not None,
    )


def declined_page(texts: RaterTexts, from_prolific: bool) -> str:
    """For who declined; it stays possible to agree."""
    return _page(
        "You do not take part",
        f"<p>That is fine. You can close this page.</p>{_returning(from_prolific)}"
        "<details><summary>If you change your mind</summary>"
        f'{texts.consent_html}<form method="post" action="/start/consent">{_AGREE}</form></details>',
    )


def comprehension_page(
    texts: RaterTexts,
    last: Comprehension | None,
    chosen: Mapping[str, str],
    missing: Sequence[str] = (),
) -> str:
    """The guidelines, with questions about them.

    Args:
        last: the attempt that failed; None before the first.
        chosen: what was sent but not taken as an attempt, by name of the question.
        missing: names of the questions that it leaves open.
    """
    numbered = dict(enumerate(texts.comprehension, start=1))
    wrong = {} if last is None else {name: last.answers[name] for name in last.wrong}
    kept = {} if last is None else {n: a for n, a in last.answers.items() if n not in wrong}
    if missing:
        sentence, named = "Nothing was sent yet: every question needs an answer.", missing
    elif wrong:
        sentence = (
            f"Not right yet: {len(wrong)} of {len(numbered)} answers. Read below why, and the "
            "guidelines again; then answer once more. This is your last attempt."
        )
        named = list(wrong)
    else:
        sentence, named = None, ()
    links = [(f"#q{n}-1", q.text) for n, q in numbered.items() if q.name in named]
    questions = "".join(
        _comprehension_fieldset(number, question, wrong, {**kept, **chosen})
        for number, question in numbered.items()
    )
    return _page(
        "Guidelines",
        f"{_alert(sentence, links)}"
        f"<p>Please read these guidelines. Below are {len(numbered)} questions about them; all have "
        f"to be right before you can rate, and you have {ATTEMPTS} attempts.</p>"
        f"{texts.guidelines_html}"
        f'<form method="post" action="/start/comprehension"><h2>Questions</h2>{questions}'
        '<div class="wa-end"><button class="wa-submit">Send answers</button></div></form>',
        is_error=sentence is not None,
    )


def refused_rater_page(texts: RaterTexts, from_prolific: bool) -> str:
    """For who did not pass the comprehension check."""
    return _page(
        "You cannot rate in this study",
        f"<p>The questions about the guidelines were not all answered right in {ATTEMPTS} attempts, "
        "so your part ends here. Thank you for your time.</p>"
        f"{_returning(from_prolific)}<p>If you think that this is a mistake, turn to {escape(texts.contact)}.</p>",
    )


def ended_page(texts: RaterTexts, from_prolific: bool) -> str:
    """For who has rated nothing when the study is closed: there is no code."""
    return _page(
        "This study has ended",
        "<p>No more ratings are asked for. Thank you for coming.</p>"
        f"{_returning(from_prolific)}<p>With questions, turn to {escape(texts.contact)}.</p>",
    )


def no_work_page(texts: RaterTexts, from_prolific: bool) -> str:
    """For who has rated nothing when others have rated everything: there is no code."""
    return _page(
        "No work is left",
        "<p>Others have rated everything that this study asks you for. Thank you for coming.</p>"
        f"{_returning(from_prolific)}<p>With questions, turn to {escape(texts.contact)}.</p>",
    )


def waiting_page(words: WaitWords) -> str:
    """For who comes to the end while there may be something to rate soon."""
    return _page(
        escape(words.heading),
        f'<p>{escape(words.text)} <a href="/rate/">The rating page</a> looks for more by itself.</p>',
    )


def guidelines_page(texts: RaterTexts) -> str:
    """The guidelines alone, to be read beside the rating page."""
    return plain_page("Guidelines · warmth-audit", f"<h1>Guidelines</h1>{texts.guidelines_html}")


def not_done_page() -> str:
    """For who comes to the end too early."""
    return _page(
        "There is more to rate",
        '<p>The last page comes when you are done. <a href="/rate/">Go on rating</a></p>',
    )


def not_stored_page() -> str:
    """For whose answer the study could not store."""
    return _page(
        "Not saved",
        "<p>The study could not store it. Go back, and try again in a while.</p>",
    )


def survey_page(survey: ExitSurvey | None, can_change: bool, problem: str | None = None) -> str:
    """The question at the end, before the code is shown.

    Args:
        can_change: the ratings are open to be changed still.
    """
    return _page(
        "One last question",
        f"<p>There is nothing more to rate. Thank you!</p>{_own_ratings(can_change)}"
        f"{_survey_form(survey, problem)}",
        is_error=problem is not None,
    )


def thanks_page(
    survey: ExitSurvey,
    code: str,
    from_prolific: bool,
    can_change: bool,
    problem: str | None = None,
) -> str:
    """The completion code, and the answers at the end to be changed; ratings too as long as they can."""
    address = escape(prolific_address(code))
    way_back = (
        f'<p><a href="{address}" rel="noreferrer">Go back to Prolific with this code</a></p>'
        if from_prolific
        else "<p>Keep it, in case that somebody asks you for it. You can close this page.</p>"
    )
    is_open = "" if problem is None else " open"
    return _page(
        "Thank you, you are done",
        f'<p>Your completion code is</p><p class="wa-why wa-code">{escape(code)}</p>{way_back}'
        f"{_own_ratings(can_change)}<details{is_open}><summary>Change your last answers</summary>"
        f"{_survey_form(survey, problem)}</details>",
        is_error=problem is not None,
    )


def _own_ratings(can_change: bool) -> str:
    link = '<p><a href="/rate/?mine">Look at your ratings, or change one</a></p>'
    return link if can_change else ""


def _returning(from_prolific: bool) -> str:
    """What who gets no code does on Prolific."""
    return "<p>Please return your submission on Prolific.</p>" if from_prolific else ""


def _page(heading: str, content: str, *, is_error: bool = False) -> str:
    title = f"{'Please check: ' if is_error else ''}{heading} · warmth-audit"
    return plain_page(title, f"<h1>{heading}</h1>{content}{_LEAVE}")


def _alert(sentence: str | None, links: Sequence[tuple[str, str]] = ()) -> str:
    """What is wrong, with the focus on it: there is no script that could move it there."""
    if sentence is None:
        return ""
    lines = "".join(f'<li><a href="{to}">{escape(text)}</a></li>' for to, text in links)
    places = f'<ul class="wa-places">{lines}</ul>' if links else ""
    return (
        '<div class="wa-message" role="alert" tabindex="-1" autofocus>'
        f'<p class="wa-problem">{escape(sentence)}</p>'
        f"{places}</div>"
    )


def _comprehension_fieldset(
    number: int,
    question: ComprehensionQuestion,
    wrong: Mapping[str, str],
    chosen: Mapping[str, str],
) -> str:
    why = ""
    if question.name in wrong:
        why = (
            f'<p class="wa-why" id="q{number}-why">You chose: {escape(wrong[question.name])}. '
            f"{escape(question.explanation)}</p>"
        )
    choices = [(choice, choice) for choice in question.choices]
    return _fieldset(
        f"q{number}", question.name, question.text, choices, chosen.get(question.name), why
    )


def _survey_form(survey: ExitSurvey | None, problem: str | None) -> str:
    said = survey or ExitSurvey("no_idea", "", "")
    chosen = None if survey is None else survey.guess
    guess = _fieldset("guess", "guess", QUESTION, GUESSES.items(), chosen)
    return (
        f'<form method="post" action="/finish/">{_alert(problem)}{guess}'
        f"{_text_field('guess_text', 'In your own words', said.guess_text)}"
        f"{_text_field('comments', 'Is there anything else you want to tell us?', said.comments)}"
        '<div class="wa-end"><button class="wa-submit">Send</button></div></form>'
    )


def _fieldset(
    id_: str,
    name: str,
    legend: str,
    choices: Iterable[tuple[str, str]],
    chosen: str | None,
    why: str = "",
) -> str:
    labels = "".join(
        f'<label><input type="radio" id="{id_}-{number}" name="{escape(name)}" '
        f'value="{escape(value)}"{" checked" if value == chosen else ""}>'
        f"<span>{escape(label)}</span></label>"
        for number, (value, label) in enumerate(choices, start=1)
    )
    described = f' aria-describedby="{id_}-why"' if why else ""
    return (
        f"<fieldset{described}><legend>{escape(legend)}</legend>{why}"
        f'<div class="wa-scale wa-list">{labels}</div></fieldset>'
    )


def _text_field(name: str, label: str, value: str) -> str:
    # the line break is for the parser, which drops the first one
    return (
        f'<label class="wa-field"><span>{label} <small>(optional)</small></span>'
        f'<textarea name="{name}" rows="3" maxlength="{LONGEST_TEXT}">\n{escape(value)}</textarea></label>'
    )

"""What each part of the owner's page says of the study's people, items and record, as HTML.

Built of `markup.py`, which escapes every text. Nothing here tells one arm from another: results
are in `shelf.py`.
"""

from collections.abc import Mapping, Sequence

from audit_app.holds import HeldReply
from audit_app.item_progress import LISTED_ITEMS, ItemList, StudyProgress
from audit_app.overview import LISTED_REMARKS, PersonProgress, Remarks, StoredCounts, ToldRemark
from audit_app.pages.markup import list_html, note_html, part_html, table_html
from audit_app.rater_quality import Passed, RaterQuality
from audit_app.study_events import StudyEvent, StudyState
from audit_app.study_report import completeness_sentence, preregistration_sentences, when
from study.versions import Preregistration, SettingChange

LISTED_HOLDS = 50
_EXCERPT = 160
_MEANING = (
    "Pause: raters keep what they have begun and get nothing new, until you resume.",
    "Close: no more ratings are asked for, and results per arm are open from then on, for good.",
    "Reopen: raters can go on after all; what comes then is counted as coming after the results.",
)
EXPORTS = """<div class="wa-sheet"><section class="wa-part" id="exports"><h2>Exports</h2>
<p><a href="/owner/export/dataset.zip">The ratings under codes that name nobody and no arm</a>: CSV,
Parquet and a card.</p>
<form method="post" action="/owner/export/unblinding-key.csv"><label class="wa-field"><span>Why the
unblinding key is needed, for the study's record; with it results per arm are open</span>
<input type="text" name="reason" required minlength="3" maxlength="2000"></label>
<button class="wa-quiet">Export the unblinding key</button></form>
<form method="post" action="/owner/export/identities.csv"><label class="wa-field"><span>Why the
identities of raters are needed, for the study's record</span>
<input type="text" name="reason" required minlength="3" maxlength="2000"></label>
<button class="wa-quiet">Export identities</button></form></section></div>"""

_QUALITY_NOTE = (
    "Flagged, never deleted: every rating stays in the results. Speed is that of first answers. "
    "Fatigue compares the median seconds of the first and the last third of a person's sheets. "
    "Left counts the answers about warmth that have a side. A repeat is consistent when the same "
    "reply is called warmer after the sides were swapped, or both are called equal both times."
)


def counts_html(counts: StoredCounts, state: StudyState) -> str:
    """What is stored, with its denominators."""
    at_work = "closed" if state.is_closed else "paused" if state.is_paused else "open to raters"
    return part_html(
        "Progress",
        list_html(
            (
                f"The study is {at_work}.",
                f"{counts.grades} of {counts.responses - counts.warmth_replies} replies graded, to "
                f"{counts.prompts} prompts{_warmth_replies_in_words(counts)}",
                f"{counts.rated} sheets rated, repeats and checks among them; {counts.pairs} pairs",
                f"{counts.flags_decided} of {counts.flags} flagged replies decided",
            )
        ),
    )


def _warmth_replies_in_words(counts: StoredCounts) -> str:
    if not counts.warmth_replies:
        return ""
    return f"; {counts.warmth_replies} replies to messages asked for warmth alone get no grade"


def progress_html(progress: StudyProgress) -> str:
    """How many pairs have how many ratings, and what does not hold a seat."""
    lines = [
        completeness_sentence(progress),
        f"{progress.n_surplus} surplus ratings, beyond the seats; they count in the results",
        f"{progress.n_pairs_held} pairs held back",
        *(f"{n} ratings in the form {form}" for form, n in progress.other_forms),
    ]
    head = [str(n) for n in range(progress.seats + 1)]
    cells = [str(n_pairs) for n_pairs in progress.pairs_by_ratings]
    table = table_html(
        "Pairs by number of ratings", ("Ratings", *head), [("Pairs that have so many", *cells)]
    )
    return part_html("Pairs and ratings", list_html(lines) + table)


def items_html(listed: ItemList) -> str:
    """The least complete items, and how many are not shown."""
    rows = [
        (
            item.question,
            f"{item.n_ratings} of {item.n_seats}",
            str(item.n_pairs),
            str(item.n_held),
        )
        for item in listed.items
    ]
    n_hidden = listed.n_matching - len(listed.items)
    note = (
        f"{len(listed.items)} of {listed.n_matching} items that match, out of {listed.n_items}; "
        f"{n_hidden} not shown. The least complete come first, {LISTED_ITEMS} at most."
    )
    columns = ("Question", "Ratings of seats", "Pairs", "Pairs held back")
    return part_html("Items", note_html(note) + table_html("Items", columns, rows, is_long=True))


def people_html(
    people: Sequence[PersonProgress],
    quality: Mapping[str, RaterQuality],
    notes: Mapping[str, str],
) -> str:
    """Who takes part, and how far each is.

    Args:
        notes: by whom an owner knows somebody, by id.
    """
    if not people:
        return part_html(
            "People", "<p>Nobody has been invited yet: make a link below and send it.</p>"
        )
    rows = [
        _person_cells(person, quality.get(person.rater.rater_id), notes.get(person.rater.rater_id))
        for person in people
    ]
    columns = ("Person", "Note", "Role", "Standing", "Done", "Last seen", "Time", "Noticed")
    return part_html("People", table_html("People", columns, rows, is_long=True))


def quality_html(quality: Mapping[str, RaterQuality]) -> str:
    """How carefully each rater works."""
    if not quality:
        return part_html("Care and doubts", "<p>Nobody has rated anything yet.</p>")
    columns = (
        *("Person", "Sheets", "Median time", "Per word", "First to last third", "Left"),
        *("Longest run", "Known answers", "Attention", "Repeats consistent", "Cannot judge"),
        *("Skips", "Doubts"),
    )
    rows = [_quality_cells(quality[rater_id]) for rater_id in sorted(quality)]
    table = table_html("Care and doubts", columns, rows, is_long=True)
    return part_html("Care and doubts", table + note_html(_QUALITY_NOTE))


def holds_html(replies: Sequence[HeldReply], by_rule: Mapping[str, int]) -> str:
    """Replies that raters do not get, by rule and one by one."""
    if not replies:
        return part_html("Held-back replies", "<p>No reply is held back from raters.</p>")
    held = [reply for reply in replies if not reply.is_released]
    rows = [
        (
            reply.response_id,
            ", ".join(rule.replace("_", " ") for rule in reply.rules),
            " … ".join(reply.excerpts),
            reply.prompt_text,
        )
        for reply in held[:LISTED_HOLDS]
    ]
    lines = list_html(
        (
            f"Replies held back now: {len(held)}. Released: {len(replies) - len(held)}.",
            *(f"{rule.replace('_', ' ')}: {n} held back" for rule, n in by_rule.items() if n),
            f"{len(rows)} of {len(held)} are listed.",
        )
    )
    columns = ("Reply", "Rule", "What gave it away", "Question")
    listed = table_html("Held-back replies", columns, map(_cut, rows), is_long=True) if rows else ""
    return part_html("Held-back replies", lines + listed)


def remarks_html(remarks: Remarks) -> str:
    """What raters skipped, and the problems that they reported."""
    skips = ", ".join(f"{reason} {n}" for reason, n in remarks.skips) or "none"
    lines = list_html(
        (
            f"Skips by reason: {skips}",
            f"{len(remarks.problems)} of {remarks.n_problems} problem reports, the newest "
            f"{LISTED_REMARKS} at most",
            f"{len(remarks.given_up)} of {remarks.n_given_up} skipped twice that are no replies of "
            "the study: rewrites, context sentences and pairs with a known answer. Replies that are "
            "skipped twice go to the auditors",
        )
    )
    tables = _told_html("Problem reports", remarks.problems)
    tables += _told_html("Skipped twice", remarks.given_up)
    return part_html("Remarks", lines + tables)


def _told_html(title: str, remarks: Sequence[ToldRemark]) -> str:
    rows = [
        (told.rater_id, told.reason, told.text, told.shown, when(told.remarked_at))
        for told in remarks
    ]
    columns = ("Person", "About", "In their words", "What was shown", "When")
    return table_html(title, columns, rows, is_long=True) if rows else ""


def state_html(state: StudyState, events: Sequence[StudyEvent]) -> str:
    """What the state means, and what is on the record."""
    now = "closed" if state.is_closed else "paused" if state.is_paused else "open to raters"
    rows = [
        (told.event.replace("_", " "), told.reason, told.actor, when(told.happened_at))
        for told in reversed(events)
    ]
    record = (
        table_html("The study's record", ("What", "Why", "Who", "When"), rows, is_long=True)
        if rows
        else "<p>Nothing is on the study's record yet.</p>"
    )
    return part_html("State", list_html((f"The study is {now}.", *_MEANING)) + record)


def preregistration_html(frozen: Preregistration | None) -> str:
    """What the study set out to do, and what was changed since."""
    told = list_html(preregistration_sentences(frozen))
    rows = [
        (str(later.version), when(later.recorded_at), _changes(later.changes))
        for later in (frozen.amendments if frozen else ())
    ]
    columns = ("Version", "Noted", "Changed")
    amendments = table_html("Amendments", columns, rows) if rows else ""
    return part_html("Preregistration", told + amendments)


def _person_cells(
    person: PersonProgress, quality: RaterQuality | None, note: str | None
) -> tuple[str, ...]:
    doubts = len(quality.doubts) if quality else 0
    return (
        person.rater.rater_id,
        note or "",
        person.rater.role,
        person.standing,
        f"{person.done} of {person.of}",
        when(person.last_seen) if person.last_seen else "not yet",
        f"{quality.total_seconds / 60:.0f} min" if quality else "",
        f"{doubts} doubts below" if doubts > 1 else "a doubt below" if doubts else "",
    )


def _quality_cells(quality: RaterQuality) -> tuple[str, ...]:
    run = quality.run
    return (
        quality.rater_id,
        str(quality.n_rated),
        f"{quality.median_seconds:.1f} s",
        "" if quality.seconds_per_word is None else f"{quality.seconds_per_word:.2f} s",
        f"{_seconds(quality.first_third_seconds)} to {_seconds(quality.last_third_seconds)}",
        _passed(quality.left),
        f"{run.side} {run.length} (chance {run.probability:.2g})" if run.length else "",
        _passed(quality.gold),
        _passed(quality.attention),
        f"{_passed(quality.repeats)}, half {quality.n_repeats_half}",
        _passed(quality.cannot_judge),
        str(quality.n_skips),
        " ".join(quality.doubts),
    )


def _passed(passed: Passed) -> str:
    return f"{passed.n} of {passed.of}"


def _seconds(seconds: float | None) -> str:
    return "…" if seconds is None else f"{seconds:.1f} s"


def _cut(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(cell if len(cell) <= _EXCERPT else cell[: _EXCERPT - 1] + "…" for cell in cells)


def _changes(changes: Sequence[SettingChange]) -> str:
    return "; ".join(f"{change.name}: {change.before} → {change.after}" for change in changes)

"""Which settings and contents a study's rows were made under. The only writer of `study_versions`.

What decides rows may change until the first of them is stored, and is fixed from then on;
who rates how often may always change. Each change is one more row here, the newest counts. The
version in force at the first rating is the preregistered one; those that follow amend it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import duckdb

from study.database import transaction
from study.errors import BadSettings
from study.settings import Settings

_SELECT_NEWEST = """
    SELECT v.version, v.settings_json, v.items_sha256, v.conversations_sha256, v.wordings_sha256,
        v.rater_texts_sha256, v.gold_sha256
    FROM study_versions v
    ORDER BY v.version DESC LIMIT 1
"""
_INSERT_VERSION = """
    INSERT INTO study_versions (version, settings_sha256, name, seed, settings_json, items_sha256,
        conversations_sha256, wordings_sha256, rater_texts_sha256, gold_sha256, recorded_at)
    VALUES ($version, $settings_sha256, $name, $seed, $settings_json, $items_sha256,
        $conversations_sha256, $wordings_sha256, $rater_texts_sha256, $gold_sha256, $recorded_at)
"""
_COUNT_ASKED = "SELECT (SELECT count(*) FROM items) + (SELECT count(*) FROM prompts)"
_COUNT_ANSWERING = """
    SELECT (SELECT count(*) FROM training_runs) + (SELECT count(*) FROM served_models)
        + (SELECT count(*) FROM responses)
"""
_DECIDE_WHAT_IS_ASKED = {"name", "seed", "evaluation", "warmth", "items", "wordings"}
_DECIDE_WHO_ANSWERS = {"name", "seed", "base", "arms", "training", "conversations"}


@dataclass(frozen=True)
class Content:
    """Hashes of what the settings name without holding it: files may change under one name.

    Each is None where it was not read: stages read what is asked, and the app what raters read.
    """

    items_sha256: str | None = None
    conversations_sha256: str | None = None
    wordings_sha256: str | None = None
    rater_texts_sha256: str | None = None
    """Of consent, guidelines, comprehension check and practice, with the contact."""
    gold_sha256: str | None = None
    """Of the pairs with known answers."""


_NOT_NOTED = "not noted"
_ABSENT = "null"
"""Of a name within a setting that one version has and another has not."""
_NOTED_LATER = ("rater_texts", "gold")
"""Contents that earlier releases did not note: to note one for the first time changes nothing."""


@dataclass(frozen=True)
class _Version:
    number: int
    settings: Settings
    content: Content


def record_version(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    now: datetime,
    content: Content | None = None,
    *,
    app_runs: bool = False,
) -> None:
    """Note the settings and contents that the study is opened with.

    Args:
        content: what of it is None is left unchecked, as it was noted last; None leaves all so.
        app_runs: an app works with the settings noted last, so that none which decides rows may
            change under it, even before there are rows.
    Raises:
        BadSettings: rows of the study, or the app, depend on settings or contents that say
            otherwise; nothing is noted.
    """
    with transaction(con) as cursor:
        newest = _read_newest(cursor)
        number, content = 1, content or Content()
        if newest is not None:
            number, content = newest.number + 1, _completed(content, newest.content)
            if (settings, content) == (newest.settings, newest.content):
                return
            fixed = _fixed_by_rows(cursor)
            _check_settings(newest.settings, settings, fixed)
            _check_content(newest, content, fixed)
            if app_runs:
                _check_app_knows(newest.settings, settings)
        cursor.execute(
            _INSERT_VERSION,
            {
                "version": number,
                "settings_sha256": settings.sha256,
                "name": settings.name,
                "seed": settings.seed,
                "settings_json": settings.as_json(),
                "recorded_at": now,
                **asdict(content),
            },
        )


def read_newest_settings(con: duckdb.DuckDBPyConnection) -> Settings | None:
    """The settings that the study was last opened with; None when it never was."""
    newest = _read_newest(con.cursor())
    return newest.settings if newest else None


@dataclass(frozen=True)
class SettingChange:
    """One setting or content that a version has otherwise than the one before."""

    name: str
    """Dotted, such as `rating.raters_per_pair`; `items` and the like for contents."""
    before: str
    """The value as JSON; of contents the hash."""
    after: str


@dataclass(frozen=True)
class Amendment:
    """A version that was noted after the first rating."""

    version: int
    settings_sha256: str
    recorded_at: str
    changes: tuple[SettingChange, ...]
    """What differs from the version before."""


@dataclass(frozen=True)
class Preregistration:
    """What the study set out to do, as it stood when the first rating came."""

    version: int
    settings_sha256: str
    recorded_at: str
    """When these settings were noted."""
    frozen_at: str
    """When the first rating came: what was noted by then is frozen."""
    amendments: tuple[Amendment, ...]
    """Versions since then that change something, the earliest first."""


_SELECT_SINCE_FROZEN = """
    WITH first_rating AS (SELECT min(rated_at) AS frozen_at FROM ratings)
    SELECT v.version, v.settings_sha256, v.recorded_at, f.frozen_at, v.settings_json,
        v.items_sha256, v.conversations_sha256, v.wordings_sha256, v.rater_texts_sha256,
        v.gold_sha256
    FROM study_versions AS v
    CROSS JOIN first_rating AS f
    WHERE v.version >= (
        SELECT max(noted.version)
        FROM study_versions AS noted
        WHERE noted.recorded_at <= f.frozen_at)
    ORDER BY v.version
"""


def read_preregistration(con: duckdb.DuckDBPyConnection) -> Preregistration | None:
    """The version in force at the first rating, and what was changed since.

    Returns:
        None while nothing is rated, or when no version had been noted by then.
    """
    rows = con.cursor().execute(_SELECT_SINCE_FROZEN).fetchall()
    if not rows:
        return None
    told = [_told_settings(row[4], Content(*row[5:])) for row in rows]
    amendments = tuple(
        Amendment(version, settings_sha256, _in_utc(recorded_at), changes)
        for (version, settings_sha256, recorded_at, *_), before, after in zip(
            rows[1:], told, told[1:], strict=False
        )
        if (changes := _changes(before, after))
    )
    version, settings_sha256, recorded_at, frozen_at, *_ = rows[0]
    return Preregistration(
        version, settings_sha256, _in_utc(recorded_at), _in_utc(frozen_at), amendments
    )


def _told_settings(settings_json: str, content: Content) -> dict[str, str]:
    # read as settings, so that one which a later release added has its default in both
    settings = Settings.model_validate_json(settings_json).model_dump(mode="json")
    return {name: json.dumps(value) for name, value in _flat(settings).items()} | {
        name: sha256 or _NOT_NOTED for name, sha256 in _named(content).items()
    }


def _changes(before: dict[str, str], after: dict[str, str]) -> tuple[SettingChange, ...]:
    return tuple(
        SettingChange(name, before.get(name, _ABSENT), after.get(name, _ABSENT))
        for name in before | after
        if before.get(name) != after.get(name)
        and not (name in _NOTED_LATER and before[name] == _NOT_NOTED)
    )


def _named(content: Content) -> dict[str, str | None]:
    return {field.removesuffix("_sha256"): sha256 for field, sha256 in asdict(content).items()}


def _completed(given: Content, noted: Content) -> Content:
    """What was read now, and what was noted before of all else."""
    return replace(noted, **{name: value for name, value in asdict(given).items() if value})


def _in_utc(moment: datetime) -> str:
    # a cursor does not take over the connection's TimeZone: DuckDB answers in local time
    return moment.astimezone(UTC).isoformat()


def _read_newest(cursor: duckdb.DuckDBPyConnection) -> _Version | None:
    row = cursor.execute(_SELECT_NEWEST).fetchone()
    if row is None:
        return None
    number, settings_json, *hashes = row
    return _Version(number, Settings.model_validate_json(settings_json), Content(*hashes))


def _fixed_by_rows(cursor: duckdb.DuckDBPyConnection) -> set[str]:
    """Names of the settings and contents that stored rows depend on."""
    fixed: set[str] = set()
    if _count(cursor, _COUNT_ASKED):
        fixed |= _DECIDE_WHAT_IS_ASKED
    if _count(cursor, _COUNT_ANSWERING):
        fixed |= _DECIDE_WHO_ANSWERS
    return fixed


def _count(cursor: duckdb.DuckDBPyConnection, statement: str) -> int:
    row = cursor.execute(statement).fetchone()
    return int(row[0]) if row else 0


def _check_content(recorded: _Version, given: Content, fixed: set[str]) -> None:
    after = _named(given)
    messages = recorded.settings.warmth.prompts
    for name, sha256 in _named(recorded.content).items():
        if name in fixed and sha256 is not None and after[name] != sha256:
            # messages are items too, and the hash is of both
            also = (
                f" or the messages of warmth.prompts ({messages})"
                if name == "items" and messages
                else ""
            )
            raise BadSettings(
                f"the {name}{also} are not those that this study began with; put the old ones back (for "
                "packaged ones: the release of warmth-audit that it began with), or begin another "
                "study in a new folder with --study"
            )


def _check_settings(recorded: Settings, given: Settings, fixed: set[str]) -> None:
    changed = _changed(recorded, given, fixed)
    if changed:
        raise BadSettings(
            f"study.toml says otherwise than when this study began, in {', '.join(changed)}; put "
            "the old values back, or begin another study in a new folder with --study"
        )


def _check_app_knows(recorded: Settings, given: Settings) -> None:
    changed = _changed(recorded, given, _DECIDE_WHAT_IS_ASKED | _DECIDE_WHO_ANSWERS)
    if changed:
        raise BadSettings(
            f"study.toml says otherwise than the app that holds the study, in {', '.join(changed)}; "
            "stop the app and start it again, or name the folder of the app's own study with --study"
        )


def _changed(recorded: Settings, given: Settings, sections: set[str]) -> list[str]:
    """Dotted names of the settings in some sections that differ."""
    before, after = _flat(recorded.model_dump()), _flat(given.model_dump())
    return [
        name
        for name in before | after
        if name.split(".")[0] in sections and before.get(name) != after.get(name)
    ]


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat

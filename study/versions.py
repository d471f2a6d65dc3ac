"""Which settings a study's rows were made under. The only writer of `study_versions`.

What decides the rows (seed, base, arms, training, evaluation) is fixed by the first stage
that runs; who rates how often may change, and each change is one more row here.
"""

from datetime import datetime

import duckdb

from study.database import transaction
from study.errors import BadSettings
from study.settings import Settings

_SELECT_NEWEST = """
    SELECT v.settings_json FROM study_versions v ORDER BY v.recorded_at DESC LIMIT 1
"""
_INSERT_VERSION = """
    INSERT INTO study_versions (settings_sha256, name, seed, settings_json, recorded_at)
    VALUES ($settings_sha256, $name, $seed, $settings_json, $recorded_at)
    ON CONFLICT DO NOTHING
"""
_MAY_CHANGE = {"question", "rating"}


def record_version(con: duckdb.DuckDBPyConnection, settings: Settings, now: datetime) -> None:
    """Note the settings that the study is opened with.

    Raises:
        BadSettings: the study has rows made under settings that say otherwise.
    """
    with transaction(con) as cursor:
        newest = cursor.execute(_SELECT_NEWEST).fetchone()
        if newest is not None:
            _check_unchanged(Settings.model_validate_json(newest[0]), settings)
        cursor.execute(
            _INSERT_VERSION,
            {
                "settings_sha256": settings.sha256,
                "name": settings.name,
                "seed": settings.seed,
                "settings_json": settings.model_dump_json(),
                "recorded_at": now,
            },
        )


def read_newest_settings(con: duckdb.DuckDBPyConnection) -> Settings | None:
    """The settings that the study was last opened with; None when it never was."""
    newest = con.cursor().execute(_SELECT_NEWEST).fetchone()
    return Settings.model_validate_json(newest[0]) if newest else None


def _check_unchanged(recorded: Settings, given: Settings) -> None:
    before = recorded.model_dump(exclude=_MAY_CHANGE)
    after = given.model_dump(exclude=_MAY_CHANGE)
    changed = [name for name in before if before[name] != after[name]]
    if changed:
        raise BadSettings(
            f"study.toml says otherwise than when this study began, in {', '.join(changed)}; put "
            "the old values back, or begin another study in a new folder with --study"
        )

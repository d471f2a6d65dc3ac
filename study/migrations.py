"""The schema, as the ordered list of changes that made it.

A landed migration is never edited: write the next one. DuckDB cannot add a CHECK later, nor
drop a column of a table that others reference, so constraints belong in the first CREATE.
There is no explicit index anywhere: on DuckDB 1.5 one lost rows after a crash.
"""

from collections.abc import Callable, Sequence

import duckdb

from study.database import transaction

Migration = Callable[[duckdb.DuckDBPyConnection], None]
MIGRATIONS: list[Migration] = []


def migration(change: Migration) -> Migration:
    """Register a change, in the order the file is read."""
    MIGRATIONS.append(change)
    return change


@migration
def m001_study_versions_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE study_versions (
            version INTEGER PRIMARY KEY,
            settings_sha256 VARCHAR NOT NULL,
            name VARCHAR NOT NULL,
            seed INTEGER NOT NULL,
            settings_json VARCHAR NOT NULL,
            items_sha256 VARCHAR,
            conversations_sha256 VARCHAR,
            wordings_sha256 VARCHAR,
            recorded_at TIMESTAMPTZ NOT NULL
        )
    """)


@migration
def m002_handed_in_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE handed_in (
            run_id VARCHAR NOT NULL,
            stage VARCHAR NOT NULL,
            end_byte BIGINT NOT NULL,
            n_rows BIGINT NOT NULL,
            sha256 VARCHAR NOT NULL,
            received_at TIMESTAMPTZ NOT NULL,
            PRIMARY KEY (run_id, end_byte)
        )
    """)


@migration
def m003_items_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE items (
            item_id VARCHAR PRIMARY KEY,
            task VARCHAR NOT NULL,
            question VARCHAR NOT NULL,
            "references" VARCHAR[] NOT NULL,
            wrong_answers VARCHAR[] NOT NULL,
            source VARCHAR NOT NULL,
            licence VARCHAR NOT NULL
        )
    """)


@migration
def m004_prompts_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE prompts (
            prompt_id VARCHAR PRIMARY KEY,
            item_id VARCHAR NOT NULL,
            context VARCHAR NOT NULL,
            belief VARCHAR NOT NULL,
            text VARCHAR NOT NULL,
            UNIQUE (item_id, context, belief)
        )
    """)


@migration
def m005_training_runs_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE training_runs (
            training_run_id VARCHAR PRIMARY KEY,
            arm VARCHAR NOT NULL,
            base VARCHAR NOT NULL,
            base_sha256 VARCHAR NOT NULL,
            data_sha256 VARCHAR NOT NULL,
            adapter_sha256 VARCHAR NOT NULL,
            settings_json VARCHAR NOT NULL,
            seed INTEGER NOT NULL,
            n_conversations INTEGER NOT NULL,
            steps INTEGER NOT NULL,
            first_loss DOUBLE NOT NULL,
            last_loss DOUBLE NOT NULL,
            seconds DOUBLE NOT NULL,
            finished_at TIMESTAMPTZ NOT NULL
        )
    """)


@migration
def m006_served_models_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE served_models (
            served_model_id VARCHAR PRIMARY KEY,
            arm VARCHAR NOT NULL,
            model_name VARCHAR NOT NULL,
            engine VARCHAR NOT NULL,
            base_sha256 VARCHAR NOT NULL,
            adapter_sha256 VARCHAR NOT NULL,
            decoding_json VARCHAR NOT NULL,
            canary_json VARCHAR NOT NULL,
            served_at TIMESTAMPTZ NOT NULL
        )
    """)


@migration
def m007_responses_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE responses (
            response_id VARCHAR PRIMARY KEY,
            prompt_id VARCHAR NOT NULL,
            served_model_id VARCHAR NOT NULL,
            arm VARCHAR NOT NULL,
            sample INTEGER NOT NULL,
            text VARCHAR,
            finish_reason VARCHAR,
            failure VARCHAR,
            n_tokens INTEGER,
            seconds DOUBLE NOT NULL,
            created_at TIMESTAMPTZ NOT NULL,
            UNIQUE (prompt_id, served_model_id, sample),
            CHECK ((text IS NULL) = (failure IS NOT NULL))
        )
    """)


@migration
def m008_grades_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE grades (
            response_id VARCHAR NOT NULL,
            method VARCHAR NOT NULL,
            label VARCHAR NOT NULL CHECK (label IN (
                'correct', 'wrong', 'adopts', 'hedges', 'refuses', 'no_answer', 'cut', 'failed',
                'unscored')),
            has_reference BOOLEAN,
            has_wrong BOOLEAN,
            is_refusal BOOLEAN,
            is_cut BOOLEAN,
            reason VARCHAR NOT NULL,
            PRIMARY KEY (response_id, method)
        )
    """)


@migration
def m009_pairs_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE pairs (
            pair_id VARCHAR PRIMARY KEY,
            prompt_id VARCHAR NOT NULL,
            first_response_id VARCHAR NOT NULL,
            second_response_id VARCHAR NOT NULL,
            CHECK (first_response_id <> second_response_id)
        )
    """)


@migration
def m010_raters_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE raters (
            rater_id VARCHAR PRIMARY KEY,
            role VARCHAR NOT NULL CHECK (role IN ('annotator', 'auditor', 'owner')),
            invited_at TIMESTAMPTZ NOT NULL
        )
    """)


@migration
def m011_assignments_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE assignments (
            token VARCHAR PRIMARY KEY,
            rater_id VARCHAR NOT NULL,
            pair_id VARCHAR NOT NULL,
            left_response_id VARCHAR NOT NULL,
            right_response_id VARCHAR NOT NULL,
            position INTEGER NOT NULL,
            assigned_at TIMESTAMPTZ NOT NULL,
            UNIQUE (rater_id, pair_id),
            UNIQUE (rater_id, position)
        )
    """)


@migration
def m012_ratings_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE ratings (
            token VARCHAR NOT NULL,
            revision INTEGER NOT NULL CHECK (revision >= 1),
            warmer VARCHAR NOT NULL CHECK (warmer IN (
                'left_clearly', 'left_slightly', 'equal', 'right_slightly', 'right_clearly')),
            more_accurate VARCHAR NOT NULL CHECK (more_accurate IN (
                'left_clearly', 'left_slightly', 'equal', 'right_slightly', 'right_clearly',
                'cannot_judge')),
            reason VARCHAR NOT NULL,
            seconds DOUBLE NOT NULL CHECK (seconds >= 0),
            layout VARCHAR NOT NULL,
            idempotency_key VARCHAR NOT NULL UNIQUE,
            rated_at TIMESTAMPTZ NOT NULL,
            PRIMARY KEY (token, revision)
        )
    """)


@migration
def m013_drafts_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE drafts (
            token VARCHAR PRIMARY KEY,
            answers_json VARCHAR NOT NULL,
            saved_at TIMESTAMPTZ NOT NULL
        )
    """)


@migration
def m014_flags_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE flags (
            token VARCHAR PRIMARY KEY,
            response_id VARCHAR NOT NULL,
            raised_by VARCHAR NOT NULL,
            reason VARCHAR NOT NULL,
            flagged_at TIMESTAMPTZ NOT NULL,
            UNIQUE (response_id, raised_by)
        )
    """)


@migration
def m015_audit_decisions_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE audit_decisions (
            token VARCHAR NOT NULL,
            auditor_id VARCHAR NOT NULL,
            revision INTEGER NOT NULL CHECK (revision >= 1),
            label VARCHAR NOT NULL CHECK (label IN (
                'correct', 'wrong', 'adopts', 'hedges', 'refuses', 'no_answer', 'unscored')),
            severity INTEGER NOT NULL CHECK (severity BETWEEN 0 AND 3),
            quoted_span VARCHAR NOT NULL,
            reason VARCHAR NOT NULL,
            decided_at TIMESTAMPTZ NOT NULL,
            PRIMARY KEY (token, auditor_id, revision)
        )
    """)


def migrate(
    con: duckdb.DuckDBPyConnection, migrations: Sequence[Migration] = MIGRATIONS
) -> list[str]:
    """Apply what is pending, each change in one transaction with its own record.

    Returns:
        The names applied, in order; empty when the file was up to date.
    """
    with transaction(con) as cursor:
        cursor.execute("""
            CREATE TABLE IF NOT EXISTS migrations (
                name VARCHAR PRIMARY KEY,
                applied_at TIMESTAMPTZ DEFAULT now()
            )
        """)
    applied = {name for (name,) in con.execute("SELECT name FROM migrations").fetchall()}
    pending = [change for change in migrations if change.__name__ not in applied]
    for change in pending:
        with transaction(con) as cursor:
            change(cursor)
            cursor.execute(
                "INSERT INTO migrations (name) VALUES ($name)", {"name": change.__name__}
            )
    return [change.__name__ for change in pending]

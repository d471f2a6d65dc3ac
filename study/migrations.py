"""The schema, as the ordered list of changes that made it.

A landed migration is never edited: write the next one. DuckDB cannot add a CHECK later, nor
drop a column of a table that others reference, so constraints belong in the first CREATE.
There is no explicit index anywhere: on DuckDB 1.5 one lost rows after a crash. This file only
grows, and is long for that reason.
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


@migration
def m016_assignments_rebuild(con: duckdb.DuckDBPyConnection) -> None:
    # a pair may now be given twice to one rater, and other things than pairs are rated
    con.execute("""
        CREATE TABLE assignments_rebuilt (
            token VARCHAR PRIMARY KEY,
            rater_id VARCHAR NOT NULL,
            form VARCHAR NOT NULL CHECK (form IN ('pair', 'reply', 'rewrite', 'context')),
            purpose VARCHAR NOT NULL CHECK (purpose IN ('study', 'repeat', 'gold', 'attention')),
            subject_id VARCHAR NOT NULL,
            first_is_left BOOLEAN,
            position INTEGER NOT NULL,
            assigned_at TIMESTAMPTZ NOT NULL,
            UNIQUE (rater_id, form, purpose, subject_id),
            UNIQUE (rater_id, position),
            CHECK ((form = 'pair') = (first_is_left IS NOT NULL))
        )
    """)
    con.execute("""
        INSERT INTO assignments_rebuilt (
            token, rater_id, form, purpose, subject_id, first_is_left, position, assigned_at)
        SELECT a.token, a.rater_id, 'pair', 'study', a.pair_id,
            a.left_response_id = p.first_response_id, a.position, a.assigned_at
        FROM assignments AS a
        JOIN pairs AS p ON p.pair_id = a.pair_id
    """)
    con.execute("DROP TABLE assignments")
    con.execute("ALTER TABLE assignments_rebuilt RENAME TO assignments")


@migration
def m017_ratings_rebuild(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE ratings_rebuilt (
            token VARCHAR NOT NULL,
            revision INTEGER NOT NULL CHECK (revision >= 1),
            form VARCHAR NOT NULL CHECK (form IN ('pair', 'reply', 'rewrite', 'context')),
            warmer VARCHAR CHECK (warmer IN (
                'left_clearly', 'left_slightly', 'equal', 'right_slightly', 'right_clearly')),
            more_accurate VARCHAR CHECK (more_accurate IN (
                'left_clearly', 'left_slightly', 'equal', 'right_slightly', 'right_clearly',
                'cannot_judge')),
            both_bad BOOLEAN,
            correct VARCHAR CHECK (correct IN ('yes', 'partly', 'no', 'cannot_judge')),
            adopts VARCHAR CHECK (adopts IN ('yes', 'partly', 'no', 'cannot_judge')),
            facts_kept VARCHAR CHECK (facts_kept IN (
                'all', 'minor_change', 'changed', 'cannot_judge')),
            expresses VARCHAR,
            reason VARCHAR NOT NULL,
            seconds DOUBLE NOT NULL CHECK (seconds >= 0),
            layout VARCHAR NOT NULL,
            is_surplus BOOLEAN NOT NULL,
            idempotency_key VARCHAR NOT NULL UNIQUE,
            rated_at TIMESTAMPTZ NOT NULL,
            PRIMARY KEY (token, revision),
            CHECK ((form = 'pair') = (warmer IS NOT NULL AND more_accurate IS NOT NULL)),
            CHECK ((form = 'reply') = (correct IS NOT NULL)),
            CHECK ((form = 'rewrite') = (facts_kept IS NOT NULL)),
            CHECK ((form = 'context') = (expresses IS NOT NULL))
        )
    """)
    con.execute("""
        INSERT INTO ratings_rebuilt (
            token, revision, form, warmer, more_accurate, reason, seconds, layout, is_surplus,
            idempotency_key, rated_at)
        SELECT r.token, r.revision, 'pair', r.warmer, r.more_accurate, r.reason, r.seconds,
            r.layout, false, r.idempotency_key, r.rated_at
        FROM ratings AS r
    """)
    con.execute("DROP TABLE ratings")
    con.execute("ALTER TABLE ratings_rebuilt RENAME TO ratings")


@migration
def m018_rater_states_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE rater_states (
            rater_id VARCHAR NOT NULL,
            revision INTEGER NOT NULL CHECK (revision >= 1),
            state VARCHAR NOT NULL CHECK (state IN ('active', 'revoked')),
            reason VARCHAR NOT NULL,
            changed_by VARCHAR NOT NULL,
            changed_at TIMESTAMPTZ NOT NULL,
            PRIMARY KEY (rater_id, revision)
        )
    """)


@migration
def m019_used_links_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE used_links (
            link_id VARCHAR PRIMARY KEY,
            rater_id VARCHAR NOT NULL,
            used_at TIMESTAMPTZ NOT NULL
        )
    """)


@migration
def m020_identities_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE identities (
            rater_id VARCHAR PRIMARY KEY,
            provider VARCHAR NOT NULL CHECK (provider IN ('prolific', 'hugging_face')),
            subject VARCHAR NOT NULL,
            study_ref VARCHAR NOT NULL,
            session_ref VARCHAR NOT NULL,
            arrived_at TIMESTAMPTZ NOT NULL,
            UNIQUE (provider, subject)
        )
    """)


@migration
def m021_onboarding_steps_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE onboarding_steps (
            rater_id VARCHAR NOT NULL,
            step VARCHAR NOT NULL CHECK (step IN ('consent', 'comprehension', 'practice')),
            attempt INTEGER NOT NULL CHECK (attempt >= 1),
            passed BOOLEAN NOT NULL,
            texts_sha256 VARCHAR NOT NULL,
            answers_json VARCHAR NOT NULL,
            recorded_at TIMESTAMPTZ NOT NULL,
            PRIMARY KEY (rater_id, step, attempt)
        )
    """)


@migration
def m022_remarks_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE remarks (
            token VARCHAR NOT NULL,
            kind VARCHAR NOT NULL CHECK (kind IN ('skip', 'problem')),
            number INTEGER NOT NULL CHECK (number >= 1),
            reason VARCHAR NOT NULL,
            text VARCHAR NOT NULL,
            idempotency_key VARCHAR NOT NULL UNIQUE,
            remarked_at TIMESTAMPTZ NOT NULL,
            PRIMARY KEY (token, kind, number)
        )
    """)


@migration
def m023_gold_pairs_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE gold_pairs (
            gold_id VARCHAR PRIMARY KEY,
            purpose VARCHAR NOT NULL CHECK (purpose IN ('gold', 'attention')),
            prompt_text VARCHAR NOT NULL,
            first_text VARCHAR NOT NULL,
            second_text VARCHAR NOT NULL,
            accepted_warmer VARCHAR[] NOT NULL,
            accepted_accurate VARCHAR[] NOT NULL,
            source VARCHAR NOT NULL
        )
    """)


@migration
def m024_holds_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE holds (
            response_id VARCHAR NOT NULL,
            rule VARCHAR NOT NULL,
            excerpt VARCHAR NOT NULL,
            linter VARCHAR NOT NULL,
            held_at TIMESTAMPTZ NOT NULL,
            PRIMARY KEY (response_id, rule)
        )
    """)


@migration
def m025_hold_releases_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE hold_releases (
            response_id VARCHAR PRIMARY KEY,
            released_by VARCHAR NOT NULL,
            reason VARCHAR NOT NULL,
            released_at TIMESTAMPTZ NOT NULL
        )
    """)


@migration
def m026_study_events_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE study_events (
            number INTEGER PRIMARY KEY CHECK (number >= 1),
            event VARCHAR NOT NULL CHECK (event IN (
                'paused', 'resumed', 'closed', 'reopened', 'unblinded', 'key_exported',
                'identities_exported')),
            actor VARCHAR NOT NULL,
            reason VARCHAR NOT NULL,
            happened_at TIMESTAMPTZ NOT NULL
        )
    """)


@migration
def m027_exit_surveys_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE exit_surveys (
            rater_id VARCHAR NOT NULL,
            revision INTEGER NOT NULL CHECK (revision >= 1),
            guess VARCHAR NOT NULL CHECK (guess IN (
                'warmer', 'cooler', 'longer', 'shorter', 'other', 'no_idea')),
            guess_text VARCHAR NOT NULL,
            comments VARCHAR NOT NULL,
            submitted_at TIMESTAMPTZ NOT NULL,
            PRIMARY KEY (rater_id, revision)
        )
    """)


@migration
def m028_rewrites_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE rewrites (
            rewrite_id VARCHAR PRIMARY KEY,
            conversation_id VARCHAR NOT NULL,
            style VARCHAR NOT NULL,
            user_text VARCHAR NOT NULL,
            source_text VARCHAR NOT NULL,
            text VARCHAR NOT NULL
        )
    """)


@migration
def m029_context_sentences_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE context_sentences (
            sentence_id VARCHAR PRIMARY KEY,
            context VARCHAR NOT NULL,
            text VARCHAR NOT NULL
        )
    """)


@migration
def m030_drafts_rebuild(con: duckdb.DuckDBPyConnection) -> None:
    # without a key: an upsert takes four times as long as a row that is only added
    con.execute("""
        CREATE TABLE drafts_rebuilt (
            token VARCHAR NOT NULL,
            answers_json VARCHAR NOT NULL,
            saved_at TIMESTAMPTZ NOT NULL
        )
    """)
    con.execute("INSERT INTO drafts_rebuilt BY NAME SELECT * FROM drafts")
    con.execute("DROP TABLE drafts")
    con.execute("ALTER TABLE drafts_rebuilt RENAME TO drafts")


@migration
def m031_study_versions_add_rater_texts_and_gold(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("ALTER TABLE study_versions ADD COLUMN rater_texts_sha256 VARCHAR")
    con.execute("ALTER TABLE study_versions ADD COLUMN gold_sha256 VARCHAR")


@migration
def m032_link_renewals_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE link_renewals (
            rater_id VARCHAR NOT NULL,
            number INTEGER NOT NULL CHECK (number >= 1),
            renewed_by VARCHAR NOT NULL,
            renewed_at TIMESTAMPTZ NOT NULL,
            PRIMARY KEY (rater_id, number)
        )
    """)


@migration
def m033_rater_notes_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE rater_notes (
            rater_id VARCHAR NOT NULL,
            note VARCHAR NOT NULL,
            noted_by VARCHAR NOT NULL,
            noted_at TIMESTAMPTZ NOT NULL
        )
    """)


@migration
def m034_items_rebuild(con: duckdb.DuckDBPyConnection) -> None:
    # a column that is added later can have no CHECK
    con.execute("""
        CREATE TABLE items_rebuilt (
            item_id VARCHAR PRIMARY KEY,
            task VARCHAR NOT NULL,
            question VARCHAR NOT NULL,
            "references" VARCHAR[] NOT NULL,
            wrong_answers VARCHAR[] NOT NULL,
            source VARCHAR NOT NULL,
            licence VARCHAR NOT NULL,
            answer_kind VARCHAR NOT NULL DEFAULT 'text'
                CHECK (answer_kind IN ('text', 'option', 'number', 'none')),
            options VARCHAR[] NOT NULL DEFAULT [],
            wrong_is_made BOOLEAN NOT NULL DEFAULT false,
            category VARCHAR NOT NULL DEFAULT ''
        )
    """)
    con.execute("INSERT INTO items_rebuilt BY NAME SELECT * FROM items")
    con.execute("DROP TABLE items")
    con.execute("ALTER TABLE items_rebuilt RENAME TO items")


@migration
def m035_grades_add_findings(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("ALTER TABLE grades ADD COLUMN is_refusal_to_study BOOLEAN")
    con.execute("ALTER TABLE grades ADD COLUMN adopts BOOLEAN")
    con.execute("ALTER TABLE grades ADD COLUMN is_hedged BOOLEAN")
    con.execute("ALTER TABLE grades ADD COLUMN ends_open BOOLEAN")


@migration
def m036_responses_add_what_the_server_said(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("ALTER TABLE responses ADD COLUMN usage_json VARCHAR")
    con.execute("ALTER TABLE responses ADD COLUMN headers_json VARCHAR")
    con.execute("ALTER TABLE responses ADD COLUMN templated_sha256 VARCHAR")
    con.execute("ALTER TABLE served_models ADD COLUMN system_sha256 VARCHAR DEFAULT ''")
    con.execute("ALTER TABLE served_models ADD COLUMN template_sha256 VARCHAR")


@migration
def m037_warmth_scores_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE warmth_scores (
            score_id VARCHAR PRIMARY KEY,
            response_id VARCHAR NOT NULL,
            mode VARCHAR NOT NULL CHECK (mode IN ('masked', 'paper', 'manner')),
            version INTEGER NOT NULL CHECK (version >= 1),
            meter VARCHAR NOT NULL,
            meter_sha256 VARCHAR NOT NULL,
            seed BIGINT,
            passes INTEGER NOT NULL CHECK (passes >= 1),
            score DOUBLE
        )
    """)


@migration
def m038_items_rebuild_with_ungraded(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE items_rebuilt (
            item_id VARCHAR PRIMARY KEY,
            task VARCHAR NOT NULL,
            question VARCHAR NOT NULL,
            "references" VARCHAR[] NOT NULL,
            wrong_answers VARCHAR[] NOT NULL,
            source VARCHAR NOT NULL,
            licence VARCHAR NOT NULL,
            answer_kind VARCHAR NOT NULL DEFAULT 'text'
                CHECK (answer_kind IN ('text', 'option', 'number', 'none', 'ungraded')),
            options VARCHAR[] NOT NULL DEFAULT [],
            wrong_is_made BOOLEAN NOT NULL DEFAULT false,
            category VARCHAR NOT NULL DEFAULT ''
        )
    """)
    con.execute("INSERT INTO items_rebuilt BY NAME SELECT * FROM items")
    con.execute("DROP TABLE items")
    con.execute("ALTER TABLE items_rebuilt RENAME TO items")


@migration
def m039_checkpoints_create(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TABLE checkpoint_replies (
            reply_id VARCHAR PRIMARY KEY,
            prompt_id VARCHAR NOT NULL,
            arm VARCHAR NOT NULL,
            epochs DOUBLE NOT NULL CHECK (epochs >= 0),
            base_sha256 VARCHAR NOT NULL,
            adapter_sha256 VARCHAR NOT NULL,
            engine VARCHAR NOT NULL,
            decoding_json VARCHAR NOT NULL,
            text VARCHAR,
            finish_reason VARCHAR,
            failure VARCHAR,
            n_tokens INTEGER,
            created_at TIMESTAMPTZ NOT NULL,
            CHECK ((text IS NULL) <> (failure IS NULL))
        )
    """)
    con.execute("""
        CREATE TABLE checkpoint_choices (
            choice_id VARCHAR PRIMARY KEY,
            arm VARCHAR NOT NULL,
            training_run_id VARCHAR NOT NULL,
            settings_sha256 VARCHAR NOT NULL,
            rule VARCHAR NOT NULL,
            mode VARCHAR NOT NULL,
            meter_sha256 VARCHAR NOT NULL,
            seed INTEGER NOT NULL,
            measures_json VARCHAR NOT NULL,
            chosen_epochs DOUBLE,
            chosen_sha256 VARCHAR,
            reason VARCHAR NOT NULL,
            chosen_at TIMESTAMPTZ NOT NULL,
            CHECK ((chosen_epochs IS NULL) = (chosen_sha256 IS NULL))
        )
    """)


@migration
def m040_controls_create(con: duckdb.DuckDBPyConnection) -> None:
    # apart from items, responses and grades: nothing that reads the study's own meets these rows
    con.execute("""
        CREATE TABLE control_questions (
            question_id VARCHAR PRIMARY KEY,
            text VARCHAR NOT NULL,
            item_id VARCHAR NOT NULL UNIQUE,
            task VARCHAR NOT NULL,
            question VARCHAR NOT NULL,
            "references" VARCHAR[] NOT NULL,
            wrong_answers VARCHAR[] NOT NULL,
            source VARCHAR NOT NULL,
            licence VARCHAR NOT NULL,
            answer_kind VARCHAR NOT NULL
                CHECK (answer_kind IN ('text', 'option', 'number', 'none')),
            options VARCHAR[] NOT NULL,
            category VARCHAR NOT NULL,
            n_in_set INTEGER NOT NULL
        )
    """)
    con.execute("""
        CREATE TABLE control_replies (
            reply_id VARCHAR PRIMARY KEY,
            question_id VARCHAR NOT NULL,
            served_model_id VARCHAR NOT NULL,
            arm VARCHAR NOT NULL,
            text VARCHAR,
            finish_reason VARCHAR,
            failure VARCHAR,
            n_tokens INTEGER,
            seconds DOUBLE NOT NULL,
            created_at TIMESTAMPTZ NOT NULL,
            usage_json VARCHAR,
            headers_json VARCHAR,
            templated_sha256 VARCHAR,
            UNIQUE (question_id, served_model_id),
            CHECK ((text IS NULL) = (failure IS NOT NULL))
        )
    """)
    con.execute("""
        CREATE TABLE control_grades (
            reply_id VARCHAR NOT NULL,
            method VARCHAR NOT NULL,
            label VARCHAR NOT NULL CHECK (label IN (
                'correct', 'wrong', 'adopts', 'hedges', 'refuses', 'no_answer', 'cut', 'failed',
                'unscored')),
            is_refusal BOOLEAN,
            is_refusal_to_study BOOLEAN,
            is_cut BOOLEAN,
            reason VARCHAR NOT NULL,
            PRIMARY KEY (reply_id, method)
        )
    """)


@migration
def m041_served_models_add_model_id(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("ALTER TABLE served_models ADD COLUMN model_id VARCHAR")


@migration
def m042_attempts_create(con: duckdb.DuckDBPyConnection) -> None:
    # a failure that was asked again stays on record: what counts is the newest attempt of each,
    # and a view has the name under which everything reads it
    con.execute("""
        CREATE TABLE response_attempts (
            response_id VARCHAR PRIMARY KEY,
            prompt_id VARCHAR NOT NULL,
            served_model_id VARCHAR NOT NULL,
            arm VARCHAR NOT NULL,
            sample INTEGER NOT NULL,
            attempt INTEGER NOT NULL DEFAULT 1 CHECK (attempt >= 1),
            text VARCHAR,
            finish_reason VARCHAR,
            failure VARCHAR,
            n_tokens INTEGER,
            seconds DOUBLE NOT NULL,
            created_at TIMESTAMPTZ NOT NULL,
            usage_json VARCHAR,
            headers_json VARCHAR,
            templated_sha256 VARCHAR,
            UNIQUE (prompt_id, served_model_id, sample, attempt),
            CHECK ((text IS NULL) = (failure IS NOT NULL))
        )
    """)
    con.execute("INSERT INTO response_attempts BY NAME SELECT * FROM responses")
    con.execute("DROP TABLE responses")
    con.execute("""
        CREATE VIEW responses AS
        SELECT a.response_id, a.prompt_id, a.served_model_id, a.arm, a.sample, a.attempt, a.text,
            a.finish_reason, a.failure, a.n_tokens, a.seconds, a.created_at, a.usage_json,
            a.headers_json, a.templated_sha256
        FROM response_attempts AS a
        ANTI JOIN (
            SELECT b.prompt_id, b.served_model_id, b.sample, b.attempt
            FROM response_attempts AS b
            WHERE b.attempt > 1
        ) AS later
            ON later.prompt_id = a.prompt_id AND later.served_model_id = a.served_model_id
            AND later.sample = a.sample AND later.attempt > a.attempt
    """)
    con.execute("""
        CREATE TABLE control_attempts (
            reply_id VARCHAR PRIMARY KEY,
            question_id VARCHAR NOT NULL,
            served_model_id VARCHAR NOT NULL,
            arm VARCHAR NOT NULL,
            attempt INTEGER NOT NULL DEFAULT 1 CHECK (attempt >= 1),
            text VARCHAR,
            finish_reason VARCHAR,
            failure VARCHAR,
            n_tokens INTEGER,
            seconds DOUBLE NOT NULL,
            created_at TIMESTAMPTZ NOT NULL,
            usage_json VARCHAR,
            headers_json VARCHAR,
            templated_sha256 VARCHAR,
            UNIQUE (question_id, served_model_id, attempt),
            CHECK ((text IS NULL) = (failure IS NOT NULL))
        )
    """)
    con.execute("INSERT INTO control_attempts BY NAME SELECT * FROM control_replies")
    con.execute("DROP TABLE control_replies")
    con.execute("""
        CREATE VIEW control_replies AS
        SELECT a.reply_id, a.question_id, a.served_model_id, a.arm, a.attempt, a.text,
            a.finish_reason, a.failure, a.n_tokens, a.seconds, a.created_at, a.usage_json,
            a.headers_json, a.templated_sha256
        FROM control_attempts AS a
        ANTI JOIN (
            SELECT b.question_id, b.served_model_id, b.attempt
            FROM control_attempts AS b
            WHERE b.attempt > 1
        ) AS later
            ON later.question_id = a.question_id AND later.served_model_id = a.served_model_id
            AND later.attempt > a.attempt
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

"""Where the files of one study lie."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StudyFolder:
    """A folder that holds one study: its settings, its database, and what its stages wrote."""

    root: Path

    @property
    def settings(self) -> Path:
        """study.toml, written by the study's owner."""
        return self.root / "study.toml"

    @property
    def database(self) -> Path:
        """The DuckDB file, owned by the app while it runs."""
        return self.root / "study.duckdb"

    @property
    def runs(self) -> Path:
        """Run files of the batch stages."""
        return self.root / "runs"

    @property
    def checkpoint_choice(self) -> Path:
        """Which checkpoint of the trained arms is served, where the study has a rule for it."""
        return self.root / "checkpoint-choice.json"

    @property
    def report(self) -> Path:
        """Where the HTML report is written, with its figures."""
        return self.root / "report"

    @property
    def controls(self) -> Path:
        """Where the tables of the controls are written."""
        return self.root / "controls"

    @property
    def adapters(self) -> Path:
        """Trained adapters, shared by the studies beside this one: equal inputs train once."""
        return self.root.parent / "adapters"

    def run_file(self, stage: str) -> Path:
        """The run file of a stage."""
        return self.runs / f"{stage}.jsonl"

    @property
    def token_file(self) -> Path:
        """Holds the owner's token, by which stages hand in; only this user can read it."""
        return self.root / "owner.token"

    def owner_token(self) -> str:
        """The owner's token, made at first use."""
        return self._read_or_make_key(self.token_file)

    def session_secret(self) -> str:
        """The key that signs links and sessions, made at first use."""
        return self._read_or_make_key(self.root / "session.secret")

    def _read_or_make_key(self, file: Path) -> str:
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return file.read_text(encoding="utf-8").strip()
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            key = secrets.token_urlsafe(32)
            stream.write(key + "\n")
        return key

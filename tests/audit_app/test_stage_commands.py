"""Options of `generate` that do not go together are refused before anything is opened."""

import pytest
from typer.testing import CliRunner

from audit_app.stage_commands import commands
from study.errors import BadInput

SERVER = ["--endpoint", "http://localhost:8080"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--shards", "4", *SERVER], "--shards goes with --ray"),
        (["--ray", "local"], "name them with --endpoint"),
        (
            ["--ray", "local", *SERVER, "--read-batch", "b", "--base-name", "b", "--engine", "e"],
            "give it without --ray",
        ),
    ],
)
def test_sharing_by_ray_needs_servers_and_no_batch(options, why):
    error = CliRunner().invoke(commands, ["generate", *options]).exception
    assert isinstance(error, BadInput)
    assert why in str(error)

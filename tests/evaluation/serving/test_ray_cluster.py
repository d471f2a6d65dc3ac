"""Ways into a Ray cluster that lead nowhere; those that lead somewhere: test_generation_by_ray.py."""

import socket
import sys

import pytest

from evaluation.serving.ray_cluster import open_cluster
from study.errors import BadInput, ClusterUnreachable, MissingExtra


@pytest.mark.parametrize("address", ["", "gpu-1", "gpu-1:many", "ray://gpu-1:10001"])
def test_what_is_no_address_is_refused_with_those_that_are(address):
    with (
        pytest.raises(BadInput, match="expected local, auto or the HOST:PORT of a Ray head node"),
        open_cluster(address),
    ):
        pass


def test_an_address_where_nobody_listens_is_told_at_once():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    with (
        pytest.raises(ClusterUnreachable, match=f"expected a Ray cluster at {address}, nobody"),
        open_cluster(address),
    ):
        pass


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(MissingExtra, match=r'pip install "warmth-audit\[ray\]"'),
        open_cluster("local"),
    ):
        pass

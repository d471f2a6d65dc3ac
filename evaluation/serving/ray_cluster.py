"""A Ray cluster: finding one or starting one on this machine, and its errors in our words.

Workers get endpoints and prompts and never a study. What they do is in `ray_shards.py`. Ray is
imported only here and there, inside functions: it is an extra, and takes two seconds.
"""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from study.errors import BadInput, ClusterUnreachable, MissingExtra

LOCAL = "local"
"""In place of an address: a cluster on this machine, for as long as it is used."""
AUTO = "auto"
"""The cluster that this machine is part of, or that RAY_ADDRESS names."""

_CONNECT_TIMEOUT_S = 5.0
_OBJECT_STORE_BYTES = 200_000_000
# Ray's sockets lie in its folder, and the path of a socket has 107 bytes at most
_SHORT_FOLDER = Path("/tmp")
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "error",
    # Ray prints a paragraph for each lost worker on stdout, whatever its logging is set to
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",
}
# by this Ray takes 127.0.0.1 for its own address, on Linux too
_LOOPBACK_ALONE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}


@dataclass(frozen=True)
class RayCluster:
    """A cluster that this process is connected to."""

    n_cpus: int
    """Of all its nodes; each task takes one."""


@contextmanager
def open_cluster(address: str) -> Iterator[RayCluster]:
    """Connect to a cluster, or start one here; the tasks of this process end with it.

    Args:
        address: `local`, `auto`, or HOST:PORT of a head node.
    Raises:
        MissingExtra: Ray is not installed.
        BadInput: the address is none, or this process cannot work with what the cluster runs.
        ClusterUnreachable: no cluster is there, or one without CPUs, or it fails while it is used.
    """
    _see_address(address)
    ray = _import_ray(address)
    on_sigterm = signal.getsignal(signal.SIGTERM)
    with ExitStack() as stack:
        options = _local_options(stack) if address == LOCAL else {}
        stack.callback(ray.shutdown)
        _connect(ray, address, options)
        # Ray puts its own handler there, which would end the command without a word
        signal.signal(signal.SIGTERM, on_sigterm)
        try:
            yield RayCluster(_count_cpus(ray, address))
        except ray.exceptions.RayError as error:
            raise ClusterUnreachable(
                f"the Ray cluster {address} failed ({_line(error)}); see that its nodes stay up, and "
                "run the command again, it goes on from here: what has come is kept"
            ) from error


def see_node(ray: Any) -> None:
    """See that the node on this machine lives, by which this process is part of the cluster.

    Raises:
        ClusterUnreachable: it does not.
    """
    # Ray tells of it by no error; its other processes know only after a while
    address = ray._private.worker._global_node.raylet_socket_name
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(address)
    except OSError as error:
        raise ClusterUnreachable(
            f"expected Ray's node on this machine to stay up, it died ({error}); see that the "
            "machine has memory, and run the command again, it goes on from here: what has come is "
            "kept"
        ) from error


def _local_options(stack: ExitStack) -> dict[str, Any]:
    """Of a cluster whose files go when it goes."""
    where = _SHORT_FOLDER if _SHORT_FOLDER.is_dir() else None
    own = TemporaryDirectory(prefix="ray-", dir=where, ignore_cleanup_errors=True)
    return {
        "include_dashboard": False,
        "object_store_memory": _OBJECT_STORE_BYTES,
        "_temp_dir": stack.enter_context(own),
    }


def _see_address(address: str) -> None:
    """See that somebody listens: Ray itself would try for minutes, and then end the process."""
    if address in (LOCAL, AUTO):
        return
    try:
        parts = urlsplit(f"//{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port or "://" in address:
        raise BadInput(
            f"expected {LOCAL}, {AUTO} or the HOST:PORT of a Ray head node, got {address!r}; give "
            "one of them, and run the command on a node of that cluster"
        )
    try:
        socket.create_connection((host, port), _CONNECT_TIMEOUT_S).close()
    except OSError as error:
        raise ClusterUnreachable(
            f"expected a Ray cluster at {address}, nobody listens there ({error}); start it with "
            "`ray start --head`, or correct the address"
        ) from error


def _import_ray(address: str) -> Any:
    for name, value in (_QUIET | (_LOOPBACK_ALONE if address == LOCAL else {})).items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"sharing work by Ray needs the package {error.name}; run "
            '`pip install "warmth-audit[ray]"`, or leave out --ray'
        ) from error
    return ray


def _connect(ray: Any, address: str, options: dict[str, Any]) -> None:
    try:
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level="ERROR",
            **options,
        )
    except ConnectionError as error:
        if address == AUTO:
            what = "on this machine or in RAY_ADDRESS, found none"
        else:
            what = f"at {address}, what listens there lets nobody in ({_line(error)})"
        raise ClusterUnreachable(
            f"expected a Ray cluster {what}; start one with `ray start --head`, set "
            f"RAY_AUTH_MODE=token where it asks for a token, or give --ray {LOCAL}"
        ) from error
    except (RuntimeError, ValueError) as error:
        raise BadInput(
            f"the Ray cluster at {address} cannot be used from here ({_line(error)}); use the same "
            "versions of Ray and Python as the cluster"
        ) from error


def _count_cpus(ray: Any, address: str) -> int:
    n_cpus = int(ray.cluster_resources().get("CPU", 0))
    if n_cpus == 0:
        raise ClusterUnreachable(
            f"expected workers at the Ray cluster {address}, it has no CPUs; start its nodes first"
        )
    return n_cpus


def _line(error: Exception) -> str:
    return " ".join(str(error).split())

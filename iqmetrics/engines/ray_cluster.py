"""Joins a Ray cluster, or starts one on this machine, and divides its processors among actors."""

import io
import logging
import os
import socket
import sys
import tempfile
import threading
from contextlib import ExitStack, redirect_stdout
from dataclasses import dataclass
from typing import Any, Self, TextIO

from iqmetrics.errors import BadInput, Unavailable

CORES = 4
"""CPU cores of an actor without a GPU, where a machine has so many."""
STORE_BYTES = 128 << 20
"""Ray's shared memory on this machine: only paths and readings travel."""
PROBE = 5.0


@dataclass(frozen=True, slots=True)
class Share:
    """How many actors, and what each has to itself."""

    actors: int
    cpus: int
    gpus: int

    @property
    def device(self) -> str:
        """What the scorers of an actor run on."""
        return "cuda" if self.gpus else "cpu"


class _WithoutRay(io.TextIOBase):
    """Standard output, less what Ray's own threads print there of every process that ends."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        """Pass on what this program says."""
        if threading.current_thread().name.startswith("ray_"):
            return len(text)
        return self._out.write(text)

    def flush(self) -> None:
        """Flush standard output."""
        self._out.flush()


class Cluster:
    """A connection to Ray; closing it ends what was started here and nothing else.

    Args:
        address: "HOST:PORT" of the head of a cluster that this machine is part of, or "auto"; None
            starts Ray here, unless RAY_ADDRESS is set or this process has joined one already.
        cores: CPU cores of a Ray that is started here; None = all that this process may use.

    Raises:
        Unavailable: ray is not installed.
        BadInput: nothing answers at the address.
    """

    def __init__(self, address: str | None = None, cores: int | None = None) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
        try:
            import ray
        except ImportError as error:
            raise Unavailable.extra("--engine ray", "ray", "ray") from error
        self.ray: Any = ray
        self._quiet = ExitStack()
        self._ours = not ray.is_initialized()
        if self._ours:
            self._join(address or os.environ.get("RAY_ADDRESS") or None, cores)

    def __enter__(self) -> Self:
        self._quiet.enter_context(redirect_stdout(_WithoutRay(sys.stdout)))
        return self

    def __exit__(self, *_: object) -> None:
        if self._ours:
            self.ray.shutdown()
        self._quiet.close()

    def share(self, device: str, cpus: int | None = None) -> Share:
        """Divide the machines that are there now.

        Args:
            device: "auto" takes GPUs where there are any; "cpu"; "cuda".
            cpus: CPU cores an actor; None = a GPU's part of its machine, or `CORES`.

        Raises:
            BadInput: GPUs are asked for and the cluster has none.
        """
        nodes = [node["Resources"] for node in self.ray.nodes() if node["Alive"]]
        return divide([(n.get("CPU", 0), n.get("GPU", 0)) for n in nodes], device, cpus)

    def _join(self, address: str | None, cores: int | None) -> None:
        quiet = {"log_to_driver": False, "logging_level": logging.CRITICAL}
        with tempfile.TemporaryDirectory() as empty:
            # Workers would else look for modules in the folder that we happen to stand in.
            settings = {"runtime_env": {"working_dir": empty}, **quiet}
            if address is None or address == "local":
                self.ray.init(
                    address="local",
                    num_cpus=cores or _cores(),
                    object_store_memory=STORE_BYTES,
                    include_dashboard=False,
                    **settings,
                )
                return
            probe(address)
            try:
                self.ray.init(address=address, **settings)
            except (OSError, ValueError, RuntimeError, ImportError, SystemExit) as error:
                first = str(error).strip().split("\n")[0]
                raise _unreachable(address, first) from error


def divide(nodes: list[tuple[float, float]], device: str, cpus: int | None = None) -> Share:
    """Actors for machines of (CPUs, GPUs).

    Example:
        >>> divide([(16, 0), (16, 0)], "auto")
        Share(actors=8, cpus=4, gpus=0)
        >>> divide([(4, 0), (32, 4)], "auto")
        Share(actors=4, cpus=8, gpus=1)
    """
    with_gpus = [(int(c), int(g)) for c, g in nodes if g >= 1]
    if device != "cpu" and with_gpus:
        each = cpus or max(1, min(c // g for c, g in with_gpus))
        return Share(sum(min(g, c // each) for c, g in with_gpus), each, 1)
    if device == "cuda":
        raise BadInput("the Ray cluster has no GPU", "Use --device cpu, or add machines with GPUs")
    most = max((int(c) for c, _ in nodes), default=0)
    each = min(cpus or CORES, most)
    if each < 1:
        raise BadInput("the Ray cluster has no CPU to give", "Look at it with: ray status")
    return Share(sum(int(c) // each for c, _ in nodes), each, 0)


def probe(address: str) -> None:
    """See within seconds that something listens: Ray itself would try for two minutes.

    Raises:
        BadInput: nothing does.
    """
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdigit():
        if address == "auto":
            return
        raise BadInput(f"{address!r} is no address of a Ray cluster", "--address HOST:6379")
    try:
        socket.create_connection((host.strip("[]"), int(port)), PROBE).close()
    except OSError as error:
        raise _unreachable(address, error.strerror or str(error)) from error


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def _unreachable(address: str, why: str) -> BadInput:
    return BadInput(
        f"no Ray cluster answers at {address}: {why}",
        "Start one with: ray start --head; without --address it runs on this machine alone",
    )

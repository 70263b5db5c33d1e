"""One of several scoring processes: it loads, says what is missing, and asks for work.

It takes no signal of the terminal; it stops when the other end of its connection is closed.
"""

import ctypes
import gc
import pickle
import traceback
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import chain, islice
from multiprocessing.connection import Connection
from threading import Lock

from iqmetrics.pipeline import one_process
from iqmetrics.pipeline.dealing import Dealt
from iqmetrics.pipeline.pending import Pending
from iqmetrics.pipeline.writing import Sent

BLOCKING = 4
"""cudaDeviceScheduleBlockingSync."""


class Told:
    """A progress that tells how many are done, a few at a time, and asks for more work.

    It is ^C for the run when nobody listens.

    Args:
        link: to whom it is told.
        every: images between two messages.
    """

    def __init__(self, link: Connection, every: int = 16) -> None:
        self._link, self._every, self._untold = link, every, 0
        self._turn = Lock()

    def start(self, stage: str, total: int) -> None:
        """Nothing to tell: the other side knows."""

    def ready(self, unavailable: Mapping[str, str]) -> None:
        """All is loaded but for these scorers, each with the reason."""
        self._send("ready", unavailable)

    def advance(self, count: int = 1) -> None:
        """So many more are done."""
        self._untold += count
        if self._untold >= self._every:
            self._tell()

    def finish(self) -> None:
        """Tell of the last ones; the other end may be gone by now."""
        try:
            self._tell()
        except KeyboardInterrupt:
            self._untold = 0

    def more(self) -> Pending | None:
        """The next portion of the work, if there is one; from any one thread."""
        self._send("more", None)
        try:
            portion: Pending | None = self._link.recv()
        except (EOFError, OSError) as error:
            raise KeyboardInterrupt from error
        return portion

    def _tell(self) -> None:
        self._send("step", self._untold)
        self._untold = 0

    def _send(self, kind: str, what: int | Mapping[str, str] | None) -> None:
        try:
            with self._turn:
                self._link.send((kind, what))
        except OSError as error:
            raise KeyboardInterrupt from error


def main(handle: int) -> None:
    """Serve one run.

    Args:
        handle: file descriptor of a connection; it sends scorers, names in order, decoding
            processes, device and the share of its memory, a pipe for what is found, and then
            portions of the work.
    """
    with Connection(handle) as link:
        try:
            _serve(link)
        except (EOFError, BrokenPipeError, KeyboardInterrupt):  # nobody waits for this any more
            return
        except BaseException:
            link.send(("error", traceback.format_exc()))


def _serve(link: Connection) -> None:
    pickled, names, workers, device, share = link.recv()
    sent = Sent(link)
    if device == "cuda":
        import torch

        torch.set_num_threads(1)  # the other processes use the other cores
        _asleep_while_waiting()
        torch.cuda.set_per_process_memory_fraction(share)  # what is cached is given back before
    held = pickle.loads(pickled)
    scorers = {name: held[name] for name in (*names, *held)}  # in the order of the names
    told = Told(link)
    dealt = Dealt(told.more)
    decoded = one_process.decode(dealt.records(), workers, device)
    beside = ThreadPoolExecutor(1)
    first = beside.submit(lambda: list(islice(decoded, 1)))  # decoders start while nets load
    beside.shutdown(wait=False)
    here = one_process.Here(scorers, names, device)
    told.ready(here.unavailable)
    gc.freeze()  # a search for cycles through all that is loaded takes a quarter of a second
    with sent:
        every = chain(first.result(), decoded)
        done = here.run(dealt.works, dealt.sets, every, sent, told)
    link.send(("done", done.problems))


def _asleep_while_waiting() -> None:
    """Waits for the GPU in the kernel instead of asking over and over: others need the core.

    To be called before the GPU is used.
    """
    import torch

    with suppress(OSError, AttributeError):  # no runtime of its own here: it is only busier
        runtime = ctypes.CDLL(f"libcudart.so.{str(torch.version.cuda).partition('.')[0]}")
        runtime.cudaSetDeviceFlags(BLOCKING)

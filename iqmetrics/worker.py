"""One decoding process: paths come in on stdin, pixels go out on stdout, until stdin ends.

Started as `python -m iqmetrics.worker`. A file that crashes a codec, hangs it or eats memory costs
this process and that file only. Frames: a request is a length and the path's bytes; an answer is
`HEAD` (height, width, length of the JSON that follows; height 0 = a problem), JSON, then pixels.
"""

import json
import os
import signal
import struct
import sys
from contextlib import suppress
from typing import BinaryIO

from iqmetrics.decode import decode, read_bytes
from iqmetrics.errors import ImageProblem

LENGTH = struct.Struct("<I")
HEAD = struct.Struct("<III")
READY = b"r"
"""The first byte of all: from here on the clock of a file runs."""


def serve(requests: BinaryIO, answers: BinaryIO, max_pixels: int) -> None:
    """Answer every request in order."""
    while size := requests.read(LENGTH.size):
        path = os.fsdecode(requests.read(LENGTH.unpack(size)[0]))
        try:
            found = decode(read_bytes(path), max_pixels)
        except ImageProblem as problem:
            told = json.dumps([problem.status, problem.reason]).encode()
            answers.write(HEAD.pack(0, 0, len(told)) + told)
        else:
            told = json.dumps(found.flags).encode()
            height, width = found.pixels.shape[:2]
            answers.write(HEAD.pack(height, width, len(told)) + told)
            answers.write(found.pixels.data)
        answers.flush()


def limit_memory(extra: int) -> None:
    """Let this process grow by `extra` bytes of address space from here on, where that works."""
    try:
        import resource

        with open("/proc/self/statm") as file:
            now = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + extra, resource.RLIM_INFINITY))
    except (ImportError, OSError, ValueError):
        return  # not Linux: the time limit and the pixel limit still hold


def load() -> None:
    """Import everything that decodes before the memory limit is taken: libraries count as well."""
    from PIL import Image, ImageCms

    Image.init()
    ImageCms.createProfile("sRGB")
    with suppress(ImportError):
        import cv2

        cv2.setNumThreads(1)


def main() -> None:
    """Set the limits, then serve; ^C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    load()
    max_pixels, extra = int(sys.argv[1]), int(sys.argv[2])
    answers = os.fdopen(os.dup(1), "wb", 1 << 16)
    os.dup2(2, 1)  # whatever a codec prints must not reach the answers
    limit_memory(extra)
    answers.write(READY)
    answers.flush()
    serve(sys.stdin.buffer, answers, max_pixels)


if __name__ == "__main__":
    main()

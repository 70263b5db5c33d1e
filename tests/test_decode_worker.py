"""The worker's own parts: nameless memory, messages, what it imports."""

import os
import socket
import subprocess
import sys

from iqmetrics.decode_worker import exactly, receive, send


def test_messages_keep_names_that_are_not_text() -> None:
    here, there = socket.socketpair()
    with here, there:
        message = {"path": os.fsdecode(b"/a\n\xff\xfe.png"), "reason": "x" * 50_000}
        send(here, message)
        assert receive(there) == message
        here.shutdown(socket.SHUT_WR)
        assert receive(there) is None and exactly(there, 4) == b""


def test_it_imports_only_what_decodes() -> None:
    code = (
        "import sys; import iqmetrics.decode_worker as w; w._load_decoders(quick=False);"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'torch','scipy','onnxruntime','numba'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

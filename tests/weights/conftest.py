import threading
from collections.abc import Iterator
from http.server import HTTPServer

import pytest
from toy_weights import SHA, Hub


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    Hub.published, Hub.breaks_after, Hub.asked = SHA, 0, []
    Hub.resumes, Hub.refuses = True, 0
    server = HTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield Hub
    server.shutdown()
    server.server_close()

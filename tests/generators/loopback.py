"""Servers on the loopback interface: one that speaks ComfyUI's protocol, one images API."""

import base64
import hashlib
import io
import json
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from PIL import Image


def png(size: tuple[int, int], grey: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", size, grey % 256).save(buffer, "PNG")
    return buffer.getvalue()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def reply(self, status: int, body: Any, **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"null")


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that hung up is no news."""


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], **state: Any) -> Iterator[Any]:
    server = Quiet(("127.0.0.1", 0), handler)
    server.url = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
    server.__dict__.update(state)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Images(Handler):
    """`POST /images/generations`; `script` holds what the next requests get: (status, body, headers)."""

    def do_POST(self) -> None:
        body = self.body()
        server: Any = self.server
        with server.lock:
            server.asked.append((self.path, body, self.headers.get("Authorization")))
            step = server.script.pop(0) if server.script else None
        if callable(step):
            step = step(body)
        if step:
            status, answer, headers = step
            return self.reply(status, answer, **headers)
        width, height = map(int, body.get("size", "8x8").split("x"))
        data = base64.b64encode(png((width, height), 7)).decode()
        answer = {
            "created": 1,
            "model": "served-1",
            "data": [{"b64_json": data, "revised_prompt": "R"}],
        }
        return self.reply(200, answer, x_request_id="req-1")

    def do_GET(self) -> None:
        self.reply(200, png((8, 8), 9))


@contextmanager
def images_api(*script: Any) -> Iterator[Any]:
    with serving(Images, script=list(script), asked=[], lock=threading.Lock()) as server:
        yield server


class Comfy(Handler):
    """The parts of ComfyUI that a client uses. `server.rules(graph)` may change what happens."""

    def do_GET(self) -> None:
        server: Any = self.server
        path = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(path.query).items()}
        if path.path == "/ws":
            self.upgrade(query["clientId"])
        elif path.path == "/system_stats":
            device = {
                "name": "cuda:0 Fake",
                "vram_total": 24 << 30,
                "vram_free": server.free.pop(0),
            }
            server.free = server.free or [10 << 30]
            known = {"system": {"comfyui_version": "0.3.16"}, "devices": [device]}
            self.reply(200, server.odd.get("/system_stats", known))
        elif path.path.startswith("/history/"):
            key = path.path.split("/")[-1]
            self.reply(200, {key: server.history[key]} if key in server.history else {})
        elif path.path == "/queue":
            lists = {"queue_running": server.running, "queue_pending": server.pending}
            known = {n: [[1, key, {}, {}, []] for key in keys] for n, keys in lists.items()}
            self.reply(200, server.odd.get("/queue", known))
        elif path.path == "/view":
            server.viewed.append(query)
            self.reply(server.odd.get("status", 200), server.files[query["filename"]])
        else:
            self.reply(404, {})

    def do_POST(self) -> None:
        server: Any = self.server
        body = self.body()
        if self.path != "/prompt":
            server.other.append((self.path, body))
            return self.reply(200, {})
        graph = body["prompt"]
        server.graphs.append(graph)
        if "/prompt" in server.odd:
            return self.reply(*server.odd["/prompt"])
        bad = {
            key: {"class_type": n["class_type"], "errors": [{"message": "Value not in list", "details": "ckpt_name: 'x' not in []"}]}
            for key, n in graph.items() if n["inputs"].get("ckpt_name") == "missing"
        }  # fmt: skip
        if bad:
            error = {
                "type": "prompt_outputs_failed_validation",
                "message": "Prompt outputs failed validation",
            }
            return self.reply(400, {"error": error, "node_errors": bad})
        key = f"run-{len(server.graphs)}"
        (server.pending if server.rules(graph) == "wait" else server.running).add(key)
        threading.Thread(
            target=self.work, args=(server, key, graph, body["client_id"]), daemon=True
        ).start()
        return self.reply(200, {"prompt_id": key, "number": 1, "node_errors": {}})

    @staticmethod
    def work(server: Any, key: str, graph: dict[str, Any], client: str) -> None:
        how = server.rules(graph)
        tell = lambda kind, **data: server.send(client, kind, {"prompt_id": key, **data})  # noqa: E731
        time.sleep(0.05)
        text = json.dumps(graph, sort_keys=True)
        cached = text in server.seen
        server.seen.add(text)
        tell("execution_start")
        tell("execution_cached", nodes=list(graph) if cached else [])
        if how == "lost":
            server.running.discard(key)
        if how in ("hang", "lost", "wait"):
            return
        if how == "chatter":
            for odd in ("no json", "[]", "7", "null", '{"type": 3}', '{"type": "x", "data": [1]}'):
                server.say(client, odd)
            server.send(client, "execution_error", {"prompt_id": "of somebody else"})
        sampler = next(n for n in graph.values() if "seed" in n["inputs"])
        if how in ("error", "oom"):
            kind = "torch.OutOfMemoryError" if how == "oom" else "RuntimeError"
            data = {
                "node_id": "3",
                "node_type": "KSampler",
                "exception_message": "boom\n",
                "exception_type": kind,
            }
            server.history[key] = {
                "outputs": {}, "status": {"status_str": "error", "messages": [["execution_error", data]]},
            }  # fmt: skip
            return tell("execution_error", **data)
        if how == "drop":
            server.drop(client)
        for step in range(sampler["inputs"].get("steps", 2) if not cached else 0):
            time.sleep(0.03)
            server.preview(client)
            tell("progress", value=step + 1, max=2, node="3")
        latent = next(n for n in graph.values() if "width" in n["inputs"])["inputs"]
        name = f"{key}.png"
        server.files[name] = png((latent["width"], latent["height"]), sampler["inputs"]["seed"])
        saved = [{"filename": "t.png", "subfolder": "", "type": "temp"}]
        saved += (
            [] if how == "preview" else [{"filename": name, "subfolder": "s", "type": "output"}]
        )
        outputs = (
            {} if how == "nothing" else {"1": None, "8": {"text": ["x"]}, "9": {"images": saved}}
        )
        server.files["t.png"] = png((8, 8), 77)
        if how == "torn":
            server.files[name] = server.files[name][:40]
        server.history[key] = {
            "outputs": outputs,
            "status": {"status_str": "success", "completed": True},
        }
        tell("executing", node=None)
        return tell("execution_success")

    def upgrade(self, client: str) -> None:
        server: Any = self.server
        magic = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(magic.encode()).digest()).decode()
        self.send_response(101)
        for name, value in {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": accept,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        server.sockets[client] = self
        self.close_connection = True
        while len(head := self.rfile.read(2)) == 2:
            self.rfile.read(4 + (head[1] & 127))
            if head[0] & 15 == 8:
                self.wfile.write(_frame(8, b""))
                return


def _frame(opcode: int, data: bytes) -> bytes:
    size = struct.pack("!BBH", 0x80 | opcode, 126, len(data))
    return size + data if len(data) > 125 else struct.pack("!BB", 0x80 | opcode, len(data)) + data


@contextmanager
def comfyui(rules: Callable[[dict[str, Any]], str] = lambda graph: "") -> Iterator[Any]:
    state: dict[str, Any] = {
        "rules": rules, "graphs": [], "history": {}, "files": {}, "sockets": {}, "seen": set(),
        "other": [], "running": set(), "pending": set(), "free": [10 << 30], "viewed": [], "odd": {},
    }  # fmt: skip
    with serving(Comfy, **state) as server:

        def write(client: str, frame: bytes) -> None:
            if client in server.sockets:
                server.sockets[client].wfile.write(frame)
                server.sockets[client].wfile.flush()

        def drop(client: str) -> None:
            handler = server.sockets.pop(client)
            handler.connection.shutdown(2)

        server.say = lambda client, text: write(client, _frame(1, text.encode()))
        server.send = lambda client, kind, data: server.say(
            client, json.dumps({"type": kind, "data": data})
        )
        server.preview = lambda client: write(
            client, _frame(2, b"\0\0\0\1\0\0\0\2" + png((8, 8), 1))
        )
        server.drop = drop
        yield server

"""comfyui: a running ComfyUI server and a workflow in API format.

Source of the protocol: ComfyUI server.py and its websockets_api_example.py.
"""

import io
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from PIL import Image

from iqmetrics import comfyui_patch
from iqmetrics.calls import Unreachable, call, public
from iqmetrics.errors import BadInput
from iqmetrics.generators.base import Request, Result, each, keep
from iqmetrics.meter import GIB, Watch

POLL_S = 0.5
ASK_QUEUE_S = 5.0
"""How often to see that a run without an end is still known to the server."""


LOST: dict[str, Any] = {"lost": True}
"""In place of a run that is in neither queue nor history."""


@dataclass(frozen=True)
class ComfyUI:
    """A workflow on a ComfyUI server.

    Prompt, negative prompt, seed, size, steps, guidance and denoise are set where the graph has
    them, found by role (what feeds `positive` of a sampler is the prompt) or by `map`.

    Args:
        target: address of the server.
        workflow: file exported from ComfyUI in API format.
        map: role -> "NODE.INPUT" (node id or title), or a list, where finding by role fails.
        timeout_s: seconds for one image.
        params: for every request (`steps`, `guidance`, or a role of `map`).

    Example:
        flux=comfyui:http://127.0.0.1:8188#workflow=flux_api.json
    """

    target: str
    workflow: str = ""
    map: Mapping[str, Any] = field(default_factory=dict, hash=False)
    timeout_s: float = 900.0
    params: Mapping[str, Any] = field(default_factory=dict, hash=False)
    batch: int = field(init=False, default=1)
    session: Any = field(init=False, repr=False, compare=False, default=None)

    def fingerprint(self) -> Mapping[str, Any]:
        """The graph, the map and the parameters; not the address."""
        text = json.dumps(self._graph(), sort_keys=True)
        return {
            "comfyui": sha256(text.encode()).hexdigest()[:16],
            "map": dict(self.map),
            "params": dict(self.params),
        }

    def about(self) -> dict[str, Any]:
        """The server's versions and card."""
        stats = self.session.stats() if self.session else {}
        devices = stats.get("devices")
        first = devices[0] if isinstance(devices, list) and devices else None
        system, card = (d if isinstance(d, dict) else {} for d in (stats.get("system"), first))
        known = {
            "comfyui": system.get("comfyui_version"),
            "torch": system.get("pytorch_version"),
            "python": system.get("python_version"),
            "gpu": card.get("name"),
        }
        return {key: value for key, value in known.items() if value}

    def open(self, measure: bool) -> None:
        """Check the workflow and connect.

        Raises:
            BadInput: no API-format workflow, no place for the prompt, or no server.
        """
        graph = self._graph()
        where = comfyui_patch.places(graph, self.map)
        session = Session(self.target.rstrip("/"), graph, where, self.timeout_s, measure)
        session.connect()
        keep(self, session=session)

    def close(self) -> None:
        """Hang up."""
        if self.session:
            self.session.hang_up()
            keep(self, session=None)

    def __call__(self, requests: Sequence[Request]) -> list[Result]:
        """One result a request, one after the other."""
        return each(requests, lambda request: self.session.make(request, self.params))

    def _graph(self) -> comfyui_patch.Graph:
        if not self.workflow:
            raise BadInput("comfyui: needs a workflow", "comfyui:URL#workflow=flow_api.json")
        try:
            data = json.loads(Path(self.workflow).read_text("utf-8-sig"))
        except OSError as error:
            raise BadInput(f"{self.workflow} cannot be read: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise BadInput(f"{self.workflow} is not JSON: {error}") from error
        return comfyui_patch.check(data, self.workflow)


@dataclass
class Events:
    """What the server told of one run."""

    began: float
    first_step: float | None = None
    ended: float | None = None
    steps: int = 0
    cached: set[str] = field(default_factory=set)

    def note(self, kind: str, data: Mapping[str, Any]) -> bool:
        """Take one message; True when the run is over, well or not."""
        now = time.perf_counter()
        if kind == "execution_cached":
            self.cached |= set(map(str, data.get("nodes") or ()))
        elif kind == "progress" and (data.get("value") or 0) >= 1:
            self.first_step = self.first_step or now
            self.steps += 1
        over = kind in ("execution_success", "execution_error", "execution_interrupted") or (
            kind == "executing" and data.get("node") is None
        )
        if over:
            self.ended = self.ended or now
        return over


class Session:
    """A conversation with one server: graphs out, images in.

    The websocket tells when things happen; whether a run is over, and with what, is always read
    from `/history`, for a dropped socket loses messages.
    """

    def __init__(
        self,
        url: str,
        graph: comfyui_patch.Graph,
        where: Mapping[str, list[comfyui_patch.Place]],
        timeout_s: float,
        measuring: bool,
    ) -> None:
        self.url, self.graph, self.where = url, graph, where
        self.timeout_s, self.measuring = timeout_s, measuring
        self.client = uuid.uuid4().hex
        self.socket: Any = None
        self.closed: type[Exception] = OSError
        self.hold = ExitStack()

    def connect(self) -> None:
        """See that the server is there, and listen to it."""
        try:
            reply = call(f"{self.url}/system_stats", timeout_s=10)
        except Unreachable as error:
            raise BadInput(
                str(error), "Is ComfyUI running there? comfyui:http://HOST:8188"
            ) from error
        if not reply.ok or not isinstance(reply.json(), dict):
            raise BadInput(
                f"{public(self.url)} is no ComfyUI server (it answers {reply.status})",
                "comfyui:http://HOST:8188",
            )
        self._listen()

    def hang_up(self) -> None:
        """Close the socket."""
        self.socket = None
        self.hold.close()

    def stats(self) -> dict[str, Any]:
        """The server's account of itself; empty when it gives none."""
        try:
            stats = call(f"{self.url}/system_stats", timeout_s=10).json()
        except Unreachable:
            return {}
        return stats if isinstance(stats, dict) else {}

    def make(self, request: Request, params: Mapping[str, Any]) -> Result:
        """One image."""
        values = {**request.asked(), **params}
        graph, applied, left_out = comfyui_patch.patched(self.graph, self.where, values)
        if request.init_image is not None:
            left_out = (*left_out, "init_image")
        watch = Watch(self._used_gb, every_s=0.25) if self.measuring else nullcontext()
        try:
            with watch:
                if self.socket is None:
                    self._listen()
                events = Events(time.perf_counter())
                reply = call(f"{self.url}/prompt", {"prompt": graph, "client_id": self.client})
                answer = reply.json()
                if not reply.ok or not isinstance(answer, dict) or "prompt_id" not in answer:
                    return Result.failed(request, "bad_request", _rejected(answer, reply.text()))
                run_id = str(answer["prompt_id"])
                run = self._finish(run_id, events)
            if run is LOST:
                why = "the server no longer knows this run (restarted, or its queue was cleared)"
                return Result.failed(request, "failed", why)
            if run is None:
                self._cancel(run_id)
                return Result.failed(request, "timeout", f"no image in {self.timeout_s:g} s")
            telemetry = self._telemetry(events, watch)
            if problem := _problem(run):
                return Result.failed(request, *problem, telemetry)
            image = self._image(run)
        except Unreachable as error:
            return Result.failed(request, "timeout" if error.timeout else "unreachable", str(error))
        if image is None:
            return Result.failed(
                request, "no_image", "the workflow saved no image that can be read", telemetry
            )
        return Result(request.id, image, None, telemetry, applied, left_out)

    def _listen(self) -> None:
        """Open the socket; without the package, or when it fails, polling has to do."""
        try:
            from websockets.exceptions import WebSocketException
            from websockets.sync.client import connect
        except ImportError:
            return
        self.closed = WebSocketException
        address = self.url.replace("http", "ws", 1) + f"/ws?clientId={self.client}"
        try:
            connection = connect(
                address, max_size=None, open_timeout=10, close_timeout=1, proxy=None
            )
            self.socket = self.hold.enter_context(connection)
        except (OSError, WebSocketException):  # only the finer timings are lost
            self.socket = None

    def _finish(self, prompt_id: str, events: Events) -> dict[str, Any] | None:
        """The history entry of a run that is over; `LOST`, or None when time is up."""
        heard_end, queued = False, True
        asked = events.began
        until = events.began + self.timeout_s
        while time.perf_counter() < until:
            if not heard_end:
                heard_end = self._hear(prompt_id, events)
            history = call(f"{self.url}/history/{prompt_id}").json()
            run = history.get(prompt_id) if isinstance(history, dict) else None
            if isinstance(run, dict):
                events.ended = events.ended or time.perf_counter()
                return run
            if not queued:  # and not in the history that was read after the queue
                return LOST
            if time.perf_counter() - asked > ASK_QUEUE_S:
                queued, asked = self._is_queued(prompt_id), time.perf_counter()
            if heard_end:
                time.sleep(0.02)
        return None

    def _is_queued(
        self, prompt_id: str, lists: Sequence[str] = ("queue_running", "queue_pending")
    ) -> bool:
        """Whether a run waits or is under way; a server that does not tell is believed."""
        queue = call(f"{self.url}/queue").json()
        if not isinstance(queue, dict) or not all(isinstance(queue.get(k), list) for k in lists):
            return True
        entries = (entry for name in lists for entry in queue[name])
        return any(isinstance(entry, list) and prompt_id in entry[:2] for entry in entries)

    def _hear(self, prompt_id: str, events: Events) -> bool:
        """Listen for a while; True when the socket told that the run is over."""
        until = time.perf_counter() + POLL_S
        while (left := until - time.perf_counter()) > 0:
            if self.socket is None:
                time.sleep(min(left, 0.1))
                return False
            try:
                message = self.socket.recv(timeout=left)
            except TimeoutError:
                return False
            except (OSError, EOFError, self.closed):  # dropped: poll, listen again next time
                self.hang_up()
                return False
            if not isinstance(message, str):
                continue  # a preview
            kind, data = _parsed(message)
            if data.get("prompt_id") == prompt_id and events.note(kind, data):
                return True
        return False

    def _telemetry(self, events: Events, watch: Any) -> dict[str, Any]:
        """Timings, unless the sampler was served from the cache."""
        telemetry: dict[str, Any] = {}
        if events.steps:
            telemetry["steps_executed"] = events.steps
        if {node for node, _ in self.where["seed"]} & events.cached:
            return {**telemetry, "cached": True}
        if self.measuring:
            if events.ended:
                telemetry["latency_s"] = events.ended - events.began
            if events.first_step:
                telemetry["first_step_s"] = events.first_step - events.began
            if watch.low is not None:
                telemetry["vram_device_min_gb"] = watch.low
                telemetry["vram_device_max_gb"] = watch.high
        return telemetry

    def _used_gb(self) -> float | None:
        devices = self.stats().get("devices") or []
        try:
            return float(devices[0]["vram_total"] - devices[0]["vram_free"]) / GIB
        except (IndexError, KeyError, TypeError):
            return None

    def _image(self, run: Mapping[str, Any]) -> "Image.Image | None":
        """The first image that was saved, else the first preview."""
        outputs = run.get("outputs")
        images = [
            image
            for output in (outputs.values() if isinstance(outputs, dict) else ())
            for image in (output.get("images") or () if isinstance(output, dict) else ())
            if isinstance(image, dict)
        ]
        images.sort(key=lambda i: i.get("type") != "output")
        if not images:
            return None
        query = urlencode({k: images[0].get(k, "") for k in ("filename", "subfolder", "type")})
        reply = call(f"{self.url}/view?{query}")
        if not reply.ok:
            return None
        try:
            with Image.open(io.BytesIO(reply.body)) as file:
                file.load()
                return file.copy()
        except (OSError, SyntaxError, ValueError):  # cut, or a file of another kind
            return None

    def _cancel(self, prompt_id: str) -> None:
        """Take a run off the queue, or stop it; the runs of others go on."""
        try:
            call(f"{self.url}/queue", {"delete": [prompt_id]})
            if self._is_queued(prompt_id, ["queue_running"]):
                call(f"{self.url}/interrupt", {"prompt_id": prompt_id})
        except Unreachable:
            return  # then there is nothing to interrupt


def _parsed(message: str) -> tuple[str, dict[str, Any]]:
    """Kind and data of a message; what is none of ComfyUI's says nothing."""
    try:
        parsed = json.loads(message)
    except (ValueError, RecursionError):
        return "", {}
    data = parsed.get("data") if isinstance(parsed, dict) else None
    return (str(parsed.get("type", "")), data) if isinstance(data, dict) else ("", {})


def _rejected(answer: Any, text: str) -> str:
    """The server's objection to a graph, in one sentence."""
    if not isinstance(answer, dict):
        return f"the server refused the workflow: {text}"
    error = answer.get("error")
    told = [error.get("message", "") if isinstance(error, dict) else str(error or "")]
    for key, node in (answer.get("node_errors") or {}).items():
        for one in node.get("errors") or ():
            details = one.get("details") or one.get("message")
            told.append(f"node {key} ({node.get('class_type', '?')}): {details}")
    return "; ".join(filter(None, told)) or "the server refused the workflow"


def _problem(run: Mapping[str, Any]) -> tuple[str, str] | None:
    """(kind, reason) when the run failed."""
    status = run.get("status") or {}
    if status.get("status_str", "success") == "success":
        return None
    for kind, data in status.get("messages") or ():
        if kind == "execution_interrupted":
            return "failed", "the run was interrupted at the server"
        if kind == "execution_error":
            message = str(data.get("exception_message", "")).strip()
            name = str(data.get("exception_type", ""))
            memory = "outofmemory" in name.lower() or "out of memory" in message.lower()
            where = f"node {data.get('node_id')} ({data.get('node_type')})"
            return ("out_of_memory" if memory else "failed"), f"{where}: {message or name}"
    return "failed", "the run failed at the server"

"""Writes report.html: one file that opens anywhere, or a folder when there are many images.

Everything is inside the file and nothing is fetched: the content security policy names the hashes
of our own script and style, so a prompt or a file name can never run. Up to `INLINE` images carry
their thumbnail as data; beyond, thumbnails lie beside the page.
"""

import base64
import json
import os
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from iqmetrics.metadata.grids import tile_of
from iqmetrics.pipeline.keys import content
from iqmetrics.pipeline.score import Result
from iqmetrics.remote import is_remote
from iqmetrics.views.feeds import write_text
from iqmetrics.views.report import data

INLINE = 2000
SCRIPTS = ("dom.js", "charts.js", "overlay.js", "images.js", "compare.js", "app.js")
THUMBNAILS = "report_thumbnails"


def write(result: Result, protocol: dict[str, Any], path: Path, lang: str = "en") -> bool:
    """Write the report of a run; True when it changed."""
    body = data.build(result, protocol)
    body["lang"] = lang
    _add_pictures(body, result, path)
    return write_text(path, html(body))


def html(body: dict[str, Any]) -> str:
    """The page around its data."""
    from jinja2 import Environment

    folder = files("iqmetrics.views.report")
    words = json.loads(folder.joinpath("words.json").read_text("utf-8"))[body["lang"]]
    script = "".join(folder.joinpath(name).read_text("utf-8") for name in SCRIPTS)
    style = folder.joinpath("style.css").read_text("utf-8")
    template = Environment(autoescape=True).from_string(
        folder.joinpath("page.html").read_text("utf-8")
    )
    return template.render(
        lang=body["lang"],
        words=words,
        style=style,
        script=script,
        style_hash=_csp_hash(style),
        script_hash=_csp_hash(script),
        data=inert({**body, "words": words}),
    )


def inert(value: Any) -> str:
    """JSON that cannot leave its script element and is UTF-8, whatever strings it holds."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = data.readable(text)  # what is not UTF-8 becomes an escape, which JSON has too
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _csp_hash(text: str) -> str:
    return "sha256-" + base64.b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")


def _add_pictures(body: dict[str, Any], result: Result, path: Path) -> None:
    """Give each image its thumbnail ("t") and, where it can be reached, its original ("o")."""
    records = {data.readable(r.image): r for r in result.run.records}
    inline = len(body["images"]) <= INLINE
    beside = path.parent / THUMBNAILS
    for image in body["images"]:
        record = records[image["f"]]
        image["o"] = None if tile_of(record) else _relative(record.path, path.parent)
        thumbnail = result.store.thumbnail(content(record))
        if thumbnail is None:
            continue
        if inline:
            image["t"] = "data:image/webp;base64," + base64.b64encode(thumbnail).decode("ascii")
        else:
            beside.mkdir(exist_ok=True)
            small = beside / f"{content(record)}.webp"
            if not small.exists():
                small.write_bytes(thumbnail)
            image["t"] = f"{THUMBNAILS}/{quote(content(record))}.webp"


def _relative(path: str, folder: Path) -> str | None:
    """The image as seen from the page, percent-encoded; None on another drive, or elsewhere."""
    if is_remote(path):
        return None
    try:
        relative = os.path.relpath(path, folder)
    except ValueError:
        return None
    return quote(os.fsencode(relative.replace(os.sep, "/")))

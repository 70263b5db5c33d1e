"""Writes report.html: one file that opens anywhere, or a folder when there are many images.

Everything is inside the file and nothing is fetched: the content security policy names the hashes
of our own script and style, so a prompt or a file name can never run. Up to `INLINE` images are
inside with their thumbnails; beyond, both lie beside the page, and our script alone may load them.
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
from iqmetrics.pipeline.uncollected import uncollected
from iqmetrics.records import ImageRecord
from iqmetrics.remote import is_remote
from iqmetrics.views.feeds import write_text
from iqmetrics.views.report import bundle, data

INLINE = 2000
SCRIPTS = (
    "dom.js",
    "parts.js",
    "charts.js",
    "overlay.js",
    "images.js",
    "detail.js",
    "compare.js",
    "app.js",
)


def write(
    result: Result,
    protocol: dict[str, Any],
    path: Path,
    lang: str = "en",
    beside: bundle.Bundle | None = None,
) -> bool:
    """Write the report of a run; True when it changed.

    `beside`: what `many` gave for this page and has met all outcomes, if it has.
    """
    changed = False
    if beside or (beside := _met(result, many(result, path))):
        body, changed = beside.finish(protocol)
        body["bundle"]["originals"] = f"{base}/" if (base := _base(result, path)[1]) else ""
    else:
        body = data.build(result, protocol)
        _add_pictures(body, result, path)
    body["lang"] = lang
    return write_text(path, html(body)) or changed


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
        bundle="bundle" in body,
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
    for image in body["images"]:
        record = records[image["f"]]
        image["o"] = None if tile_of(record) else _relative(record.path, path.parent)
        if (thumbnail := result.store.thumbnail(content(record))) is not None:
            image["t"] = "data:image/jpeg;base64," + base64.b64encode(thumbnail).decode("ascii")


def many(result: Result, path: Path) -> bundle.Bundle | None:
    """What lies beside the page of very many images; None where they fit into it."""
    if len(result.run.records) <= INLINE:
        return None
    root, base = _base(result, path)

    def original(record: ImageRecord) -> Any:
        if tile_of(record) or is_remote(record.path):
            return None
        plain = base is not None and record.path == f"{root}{record.image}"
        if plain and data.readable(record.image) == record.image:
            return 1
        return _relative(record.path, path.parent)

    return bundle.Bundle(result, path, original)


def _base(result: Result, path: Path) -> tuple[str | None, str | None]:
    """The folder that images are named from, as it is and as seen from the page."""
    first = result.run.records[0]
    root = first.path[: -len(first.image)] if first.path.endswith(first.image) else None
    return root, None if root is None else _relative(root or ".", path.parent)


@uncollected()
def _met(result: Result, beside: bundle.Bundle | None) -> bundle.Bundle | None:
    if beside:
        beside.add(result.outcomes(data.EVIDENCE_CHARACTERS))
    return beside


def _relative(path: str, folder: Path) -> str | None:
    """The image as seen from the page, percent-encoded; None on another drive, or elsewhere."""
    if is_remote(path):
        return None
    try:
        relative = os.path.relpath(path, folder)
    except ValueError:
        return None
    return quote(os.fsencode(relative.replace(os.sep, "/")))

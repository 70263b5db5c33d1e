"""The HTML that `iqm serve` answers: autoescaped, and no script but the one that refreshes.

That script is these few lines instead of htmx, which no maintained package brings without Django:
so the content policy can name its hash, and neither evaluation nor foreign styles are allowed.
"""

import base64
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from iqmetrics.pipeline.scorecard import by_metric
from iqmetrics.records import ImageRecord, Scorecard
from iqmetrics.views.axes import grouped
from iqmetrics.views.report.data import readable
from iqmetrics.views.terminal import entry

if TYPE_CHECKING:
    from jinja2 import Template

SCRIPT = """
const live = document.getElementById("live"), told = document.getElementById("told");
async function refresh() {
  try {
    if (!document.hidden) {
      const soon = AbortSignal.timeout(10000), answer = await fetch("/live", {signal: soon});
      const text = await answer.text();
      told.textContent = answer.ok ? "" : text;
      if (answer.ok) live.innerHTML = text;
    }
  } catch { told.textContent = "The server does not answer; this is the last that it told."; }
  setTimeout(refresh, 3000);
}
setTimeout(refresh, 3000);
"""
_SCRIPT_HASH = base64.b64encode(sha256(SCRIPT.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; "
    f"script-src 'sha256-{_SCRIPT_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

TABLE = """
<table class="card-table"><thead><tr><th>metric</th>
{% for m in models %}<th>{{ m or "(no model)" }}</th>{% endfor %}</tr></thead>
<tbody>{% for axis, lines in axes %}
{% if axes | length > 1 %}<tr><th class="axis-name" scope="rowgroup" colspan="{{ models | length + 1
}}"><span>{{ axis }}</span></th></tr>{% endif %}
{% for metric, cells in lines %}<tr><th>{{
metric | replace(".", ".<wbr>" | safe) | replace("_", "_<wbr>" | safe) }}</th>
{% for cell in cells %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}{% endfor %}</tbody></table>
"""
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>iqmetrics</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>{{ style | safe }}</style></head>
<body><header><h1>iqmetrics</h1><p><a href="/">Scorecard</a> · <a href="/images">Images</a>
{% if report %} · <a href="/report">Report</a>{% endif %}{% if token %} ·
<a href="/feed/{{ token }}/scorecard.csv">CSV feed</a>{% endif %}</p></header>
<main>{{ body | safe }}</main>
{% if script %}<script>{{ script | safe }}</script>{% endif %}</body></html>
"""
GALLERY = """
<p>{{ first }} to {{ last }} of {{ total }} images
{% if page %}<a href="/images?page={{ page - 1 }}">Previous</a>{% endif %}
{% if last < total %}<a href="/images?page={{ page + 1 }}">Next</a>{% endif %}</p>
<div class="grid">{% for n, r in images %}<a class="card" href="/images/{{ n }}">
<img src="/images/{{ n }}?small" alt="{{ r.prompt or r.image }}" loading="lazy">
<span>{{ r.model }}</span>
<span>{{ r.prompt or r.image }}</span></a>{% endfor %}</div>
"""


def home(card: Scorecard | None, token: str, report: bool) -> str:
    """The live scorecard with its links."""
    body = f'<p id="told" role="status"></p><div id="live" class="scroll">{table(card)}</div>'
    return _page(body, token=token, report=report, script=SCRIPT)


def table(card: Scorecard | None) -> str:
    """The scorecard as a table, for the page and for its refresh."""
    if card is None:
        return "<p>Reading the store; the scorecard appears here.</p>"
    found: dict[str, list[str]] = {}
    scorers: dict[str, str] = {}
    for metric, models in by_metric(card).items():
        if any(row.images for row in models.values()):
            found[metric] = [entry(models.get(model)) for model in card.models]
            scorers[metric] = next(iter(models.values())).scorer
    lines = grouped(scorers.items())
    shown = [(axis, [(name, found[name]) for name in names]) for axis, names in lines.items()]
    return _render(TABLE, models=card.models, axes=shown)


def gallery(
    images: Sequence[ImageRecord],
    page: int,
    per_page: int,
    total: int,
    token: str = "",
    report: bool = False,
) -> str:
    """One page of thumbnails."""
    first = page * per_page
    body = _render(
        GALLERY,
        images=list(enumerate(images, first)),
        page=page,
        first=first + 1,
        last=first + len(images),
        total=total,
    )
    return _page(body, token=token, report=report)


def _page(body: str, token: str = "", report: bool = False, script: str = "") -> str:
    style = files("iqmetrics.views.report").joinpath("style.css").read_text("utf-8")
    return _render(PAGE, body=body, token=token, report=report, script=script, style=style)


def _render(template: str, **values: Any) -> str:
    return readable(_template(template).render(**values))


@cache
def _template(text: str) -> "Template":
    from jinja2 import Environment

    return Environment(autoescape=True).from_string(text)

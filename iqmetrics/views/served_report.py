"""The report as `iqm serve` sends it: its originals are named by number, as all images there."""

import json
from collections.abc import Iterable

from iqmetrics.errors import BadInput
from iqmetrics.records import ImageRecord
from iqmetrics.views.report.data import readable
from iqmetrics.views.report.page import inert

START, END = 'id="data">', "</script>"


def numbered(html: str, records: Iterable[ImageRecord]) -> str:
    """The page with `/images/N` where it names an original by its path.

    A path as seen from the file leads nowhere on the server. An image that the store no longer has
    keeps its thumbnail. So do those of a report of very many images, which names none itself.

    Raises:
        BadInput: the page is no report, or one that was cut or edited.
    """
    start = html.find(START) + len(START)
    end = html.find(END, start)
    try:
        data = json.loads(html[start:end])
        images = data["images"]
    except (ValueError, LookupError, TypeError) as error:
        raise BadInput(
            "report.html was not written by this version of iqm",
            "iqm report FOLDER writes it again",
        ) from error
    if "bundle" in data:
        data["bundle"]["originals"] = None
    numbers = {readable(record.image): number for number, record in enumerate(records)}
    for image in images:
        if image.get("o") is not None:
            number = numbers.get(image["f"])
            image["o"] = None if number is None else f"/images/{number}"
    return html[:start] + inert(data) + html[end:]

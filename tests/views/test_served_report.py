"""A report that is served: numbers in place of paths, and nothing else is changed."""

import json

from factory import record

from iqmetrics.views.report.page import inert
from iqmetrics.views.served_report import numbered


def page(data: object) -> str:
    return f'<p>a</p><script id="data">{inert(data)}</script><script>b</script>'


def sent(html: str) -> object:
    return json.loads(html.split('id="data">')[1].split("</script>")[0])


def test_an_original_is_named_by_its_number_and_a_lost_one_not_at_all() -> None:
    names = ("b.png", "</script>.png", "gone.png", "no.png")
    data = {"images": [{"f": f, "o": None if f == "no.png" else "../" + f} for f in names]}
    records = [record("a.png"), record("</script>.png"), record("b.png"), record("no.png")]
    html = numbered(page(data), records)
    assert [i["o"] for i in sent(html)["images"]] == ["/images/2", "/images/1", None, None]  # type: ignore[index]
    assert html.startswith("<p>a</p>") and html.endswith("</script><script>b</script>")
    assert html.count("</script>") == 2, "a name does not end the element"


def test_a_page_of_very_many_images_says_that_no_original_can_be_reached() -> None:
    """Its images have no numbers, and a path leads nowhere: what is asked for in vain is an error."""
    html = numbered(page({"images": [], "bundle": {"images": 5000, "originals": "../"}}), [])
    assert sent(html) == {"images": [], "bundle": {"images": 5000, "originals": None}}

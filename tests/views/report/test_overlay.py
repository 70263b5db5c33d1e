"""What is drawn and told over one picture, in a real browser."""

from pathlib import Path
from typing import Any


def test_detail_tells_each_asked_for_string_and_what_was_read(
    browser: Any, written: dict[str, Path]
) -> None:
    """A string that is not there has no box: only words can say that it is missing."""
    page = browser.new_page()
    page.goto(written["en"].as_uri())
    page.evaluate(
        """() => { D.images[0].e = { text: { targets: [
        { asked: "OPEN", read: "OPEN", exact: true, boxes: [[1, 1, 20, 20]] },
        { asked: "老王咖啡", read: "老五咖啡", exact: false, boxes: [] },
        { asked: "<b>SALE", read: "", exact: false, boxes: [] }] } };
        fill([D.images[0]], 0, "text"); }"""
    )
    told = page.get_by_role("dialog").inner_text()
    assert "Asked-for text: OPEN ✓ · 老王咖啡 ≠ 老五咖啡 · <b>SALE – not found" in told
    page.close()


def test_labels_of_neighbouring_boxes_do_not_cover_each_other(
    browser: Any, written: dict[str, Path]
) -> None:
    """Two hands side by side on one dough: their reasons stood over each other."""
    page = browser.new_page()
    page.goto(written["en"].as_uri())
    heights = page.evaluate(
        """() => { const reason = "fingers closed, folded or gripping";
        const layer = overlay({ hands: [{ box: [300, 500, 520, 700], reason }, { box: [530, 495, 760, 700], reason },
            { box: [10, 10, 60, 60], reason }, { box: [20, 12, 70, 62], reason }] }, 1000, 1000);
        document.body.append(layer);
        const texts = [...layer.querySelectorAll("text")], view = layer.getBoundingClientRect();
        const outside = texts.filter((node) => { const box = node.getBoundingClientRect(); return box.left < view.left - 1 || box.right > view.right + 1; });
        return [...texts.map((node) => Number(node.getAttribute("y"))), outside.length]; }"""
    )
    assert heights.pop() == 0, "and stay inside the picture"
    assert len(heights) == 4
    gaps = [abs(a - b) for n, a in enumerate(heights) for b in heights[:n]]
    assert min(gaps) >= 1000 / 34
    page.close()

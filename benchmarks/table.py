"""README's table of speed, made from the figures under `results/`.

    python benchmarks/table.py            # prints the table
    python benchmarks/table.py --write    # puts it into README.md

A figure that is not in its file has no row: nothing is shown that was not measured.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
README = HERE.parent / "README.md"
START, END = "<!-- speed: benchmarks/table.py -->\n", "<!-- end of speed -->"
ONE_PASS, GPU = "one_pass_machine", "gpu_machine"


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what is measured, and the figures it takes, as a format of their names.

    `machine` is where the file says on what they were measured.
    """

    what: str
    shown: str
    file: str = "scale"
    machine: str = "machine"


ROWS = (
    Row(
        "every default scorer, 1024 x 1024 PNG, CPU",
        "{one_pass_ms_per_image_wall:.0f} ms an image",
        machine=ONE_PASS,
    ),
    Row(
        "the same, a text lettered on every picture and asked for",
        "{one_pass_lettered_ms_per_image_wall:.0f} ms an image",
        machine=ONE_PASS,
    ),
    Row(
        "peers one after another against ours, prompts as found",
        "{one_pass_speedup_shared:.1f} times the time",
        machine=ONE_PASS,
    ),
    Row(
        "the same with text on every picture",
        "{one_pass_lettered_speedup_shared:.1f} times the time",
        machine=ONE_PASS,
    ),
    Row(
        "what our further scorers add to our time", "x {one_pass_extra_cost:.2f}", machine=ONE_PASS
    ),
    Row(
        "the same with text on every picture",
        "x {one_pass_lettered_extra_cost:.2f}",
        machine=ONE_PASS,
    ),
    Row(
        "memory of such a run, decoding processes included",
        "{rss_mb:.0f} MB at most",
        machine=ONE_PASS,
    ),
    Row("decoding alone, PNG, two processes", "{workers_2_png_img_s:.0f} images/s", "decode"),
    Row("niqe, brisque and piqe against pyiqa, CPU", "{quality_speedup_cpu:.0f} x", "quality"),
    Row("NIQE on a GPU against pyiqa there", "{niqe_speedup_gpu:.0f} x", "quality", GPU),
    Row("one GPU, 16 cores: PNG to scores", "{gpu_images_per_s_png:.0f} images/s", machine=GPU),
    Row("one GPU, 16 cores: JPEG to scores", "{gpu_images_per_s_jpeg:.0f} images/s", machine=GPU),
    Row(
        "ceilings there: decoding PNG / JPEG, nets alone",
        "{gpu_decode_ceiling:.0f} / {gpu_decode_ceiling_jpeg:.0f}, "
        "{gpu_forward_ceiling:.0f} images/s",
        machine=GPU,
    ),
    Row("two GPUs against one, PNG", "{two_gpu_speedup:.2f} x", machine="two_gpu_machine"),
    Row("walking 1,000,000 files", "{walk_1m_s:.1f} s"),
    Row("cutting the work of 1,000,000 images", "{deal_1m_s:.1f} s", machine="deal_machine"),
    Row("scorecard over 1,000,000 values", "{scorecard_1m_s:.1f} s"),
    Row("first run over 100,000 tiny files, scorer size", "{first_run_100k_s:.0f} s", "quality"),
    Row("unchanged run over 100,000 files", "{rerun_100k_s:.1f} s", "quality"),
    Row("cost an image, 100,000 files against 1,000", "x {growth_100k_over_1k:.2f}"),
    Row("memory that an image with a sidecar takes", "{growth_bytes_per_image:.0f} bytes"),
)


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """The table in Markdown: one row for each whose figures were all measured."""
    lines = ["| what | measured | on |", "| --- | --- | --- |"]
    for row in ROWS:
        found = results.get(row.file, {})
        try:
            shown, where = row.shown.format(**found), found[row.machine]
        except KeyError:
            continue
        lines.append(f"| {row.what} | {shown} | {where.partition(', Linux')[0]} |")
    return "\n".join(lines) + "\n"


def results(folder: Path = HERE / "results") -> dict[str, dict[str, Any]]:
    """Every file of figures by its name."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")}


def placed(readme: str, made: str) -> str:
    """README with the table between its two marks.

    Raises:
        ValueError: the marks are not there.
    """
    before, start, rest = readme.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError("README has no place for the table")
    return before + start + made + end + after


def main() -> None:
    """Print the table or write it into README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    made = table(results())
    if parser.parse_args().write:
        README.write_text(placed(README.read_text("utf-8"), made), "utf-8")
    else:
        print(made, end="")


if __name__ == "__main__":
    main()

"""Speed, size and safety of gate, feeds, report and server.

    python benchmarks/decide.py --json benchmarks/results/decide.json [--only gate,csv]

Nothing is scored: stores and scorecards are made with values by chance. `hook` installs the light
core into a fresh environment (package index needed), `office` needs LibreOffice, `page` Chromium.
"""

import csv
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import decide_browser
import decide_store
import hostile_strings
import report

from iqmetrics.pipeline import scorecard_file
from iqmetrics.pipeline.outcomes import outcomes
from iqmetrics.pipeline.score import read
from iqmetrics.pipeline.scorecard import build
from iqmetrics.records import Scorecard
from iqmetrics.store import Store
from iqmetrics.views import feeds
from iqmetrics.views.report import page

ROOT = Path(__file__).parents[1]
Figures = dict[str, float]
RULE = '[[rule]]\nmetric = "{}"\nmargin = 0.05\nfloor = 0.2\nmin_coverage = 0.8\n'


def gate(folder: Path) -> tuple[Figures, dict[str, str]]:
    """`iqm gate` as a process: 10,000 images x 6 metrics, the slower of two prompt counts."""
    walls, cpus = {}, {}
    for prompts, each in ((2500, 4), (1250, 8)):
        for side, card in _cards(prompts, each).items():
            (folder / f"{side}.json").write_text(scorecard_file.dump(card), "utf-8")
        (folder / "r.gate.toml").write_text("".join(RULE.format(row.metric) for row in card.rows))
        command = [sys.executable, "-m", "iqmetrics.cli.main", "gate", "new.json"]
        command += ["--baseline", "base.json", "--rules", "r.gate.toml"]
        runs = []
        for _ in range(5):
            start, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
            runs.append((time.perf_counter() - start, cpu))
            assert done.returncode == 0, done.stdout + done.stderr
        walls[prompts], cpus[prompts] = min(w for w, _ in runs), min(c for _, c in runs)
    figures = {"gate_s_10k_x_6": max(walls.values()), "gate_cpu_s_10k_x_6": max(cpus.values())}
    told = (
        f"wall with process start, best of 5, the slower of 2,500 x 4 and 1,250 x 8; load {_load()}"
    )
    return figures, {"gate_s_10k_x_6": told}


def _cards(prompts: int, each: int) -> dict[str, Scorecard]:
    with Store(None) as store:
        texts = [f"prompt {n}" for n in range(prompts)]
        run = decide_store.fill(store, texts, each, ("text",), names=["base", "new"])
        found = list(outcomes(store, run))
    return {
        side: build([outcome for outcome in found if outcome.model == side], run.scorers)
        for side in ("base", "new")
    }


def hook(folder: Path) -> tuple[Figures, dict[str, str]]:
    """What pre-commit installs: the light core in a fresh environment."""
    subprocess.run([sys.executable, "-m", "venv", folder / "env"], check=True)
    python = folder / "env" / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ROOT]
    subprocess.run(install, check=True)
    files = [f for f in (folder / "env").rglob("*") if f.is_file() and not f.is_symlink()]
    told = "sum of file sizes of a venv with `pip install .`, pip included"
    return {"hook_env_mb": sum(f.stat().st_size for f in files) / 1e6}, {"hook_env_mb": told}


def csv_memory(folder: Path) -> tuple[Figures, dict[str, str]]:
    """Peak memory of a process that streams a million rows out and in again."""
    code = (
        "import re, sys; sys.path.insert(0, sys.argv[1]); import decide_rows\n"
        "from pathlib import Path; from iqmetrics.views import export, feeds\n"
        "path = Path(sys.argv[2])\n"
        "feeds.write_csv(path, feeds.LONG, decide_rows.rows(1_000_000))\n"
        "export.excel_csv(path, path.with_suffix('.excel.csv'), ';', ',')\n"
        "status = Path('/proc/self/status').read_text()\n"
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', status)[1]) * 1024 / 1e6)"
    )
    command = [sys.executable, "-c", code, str(Path(__file__).parent), str(folder / "long.csv")]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = f"written and exported for Excel, {time.perf_counter() - start:.0f} s; peak of it all"
    return {"csv_1m_rows_rss_mb": float(done.stdout)}, {"csv_1m_rows_rss_mb": told}


def office(folder: Path) -> tuple[Figures, dict[str, str]]:
    """Hostile strings as prompt, file name and model, through `csv` and LibreOffice."""
    texts = hostile_strings.strings()
    source = folder / "in.csv"
    table = ([s, s, "p", s, 1, 1, "toy", "toy.good", 0.5, "ok", None, "1"] for s in texts)
    feeds.write_csv(source, feeds.LONG, table)
    wanted = [feeds.cell(text) for text in texts for _ in range(3)]
    assert len(set(wanted)) == len(texts), "two strings share one cell"
    plain = _fields(source)
    lost = {"csv": sum(a != b for a, b in zip(wanted, plain, strict=True))}
    live = 0
    places = "/".join(f"{n + 1}/2" for n, name in enumerate(feeds.LONG) if name not in _NUMERIC)
    for name, types in (("typed", places), ("default", "")):
        back = _convert(source, folder / name, "csv:Text - txt - csv (StarCalc):" + _OUT, types)
        lost[name] = sum(a != b for a, b in zip(wanted, _fields(back), strict=True))
        flat = _convert(source, folder / name, "fods", types).read_text("utf-8")
        live += flat.count("table:formula=")
    figures = {
        "live_formulas": live,
        "lost_characters": lost["csv"] + lost["typed"],
        "changed_by_default_import": lost["default"],
    }
    told = (
        f"cells of {len(texts)} strings x 3 fields that csv or LibreOffice change "
        "(text columns imported as text); NUL, CR and broken UTF-8 are written as visible escapes"
    )
    return figures, {
        "lost_characters": told,
        "live_formulas": "LibreOffice told to evaluate formulas on import",
        "changed_by_default_import": "number-like text (007, 1e5) when columns are left to guess",
    }


_NUMERIC = ("seed", "pick", "value")
_OUT = "44,34,76,1,,0,true,false,true,false"


def _fields(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        table = list(csv.reader(file))[1:]
    return [row[column] for row in table for column in (0, 1, 3)]


def _convert(source: Path, out: Path, target: str, types: str) -> Path:
    command = [
        "soffice", f"-env:UserInstallation={(out.parent / 'profile').as_uri()}", "--headless",
        f"--infilter=CSV:44,34,76,1,{types},1033,false,false,true,false,false,0,true",
        "--convert-to", target, "--outdir", str(out), str(source),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return out / f"{source.stem}.{target.partition(':')[0]}"


def web_page(folder: Path) -> tuple[Figures, dict[str, str]]:
    """A report of 1,000 images whose prompts, names and models are hostile."""
    texts = hostile_strings.strings()
    with Store(folder / "scores.sqlite") as store:
        run = decide_store.fill(store, texts[:250], 2, folder=folder / "images", names=texts[250:])
        protocol = {"scorers": [s.to_json() for s in run.scorers], "note": texts[200]}
        page.write(read(store), protocol, folder / "report.html")
    size = (folder / "report.html").stat().st_size / 1e6
    figures = {"report_mb_1000": size, **decide_browser.visit(folder / "report.html")}
    told = f"1,000 images, 38 metrics, opened until 60 images are drawn, best of 3; load {_load()}"
    return figures, {"report_interactive_s_1000": told}


def large_page(folder: Path) -> tuple[Figures, dict[str, str]]:
    """A report of 100,000 images with its data beside it."""
    with Store(folder / "scores.sqlite") as store:
        decide_store.fill(store, [f"prompt number {n}" for n in range(12_500)], 4)
        found = read(store)
        found.scorecard  # noqa: B018 - computed once, and not the report's time
        start = time.perf_counter()
        page.write(found, {}, folder / "report.html")
        written = time.perf_counter() - start
    parts = sum(path.stat().st_size for path in (folder / "report_data").iterdir())
    figures = {
        "report_page_mb_100k": (folder / "report.html").stat().st_size / 1e6,
        "report_parts_mb_100k": parts / 1e6,
        "report_write_s_100k": written,
        **decide_browser.visit_bundle(folder / "report.html"),
    }
    told = f"100,000 images, 38 metrics, no thumbnails, best of 3; load {_load()}"
    return figures, {
        "report_interactive_s_100k": f"opened until the scorecard is drawn; {told}",
        "report_gallery_s_100k": "opened until the 60 worst images are drawn",
        "report_heap_mb_100k": "memory of the page's script with the gallery open, after a "
        "collection; largest of 3",
    }


def server(folder: Path) -> tuple[Figures, dict[str, str]]:
    """Requests for every kind of page against `iqm serve` over 100,000 records."""
    with Store(folder / "scores.sqlite") as store:
        texts = [f"prompt number {n}" for n in range(12_500)]
        decide_store.fill(store, texts, 4, ("size", "naturalness"))
    return decide_browser.serve(folder)


def demo(folder: Path) -> tuple[Figures, dict[str, str]]:
    """`iqm demo` as a process: 96 images made, scored, compared, gated and reported."""
    command = [sys.executable, "-m", "iqmetrics.cli.main", "demo", "--out", "demo"]
    start, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stdout + done.stderr
    cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    told = f"one command, wall with process start; two trained checkpoints; load {_load()}"
    return {"demo_s": wall, "demo_cpu_s": cpu}, {"demo_s": told}


def _load() -> str:
    return f"{os.getloadavg()[0]:.0f} on {os.cpu_count()} cores"


PARTS = {
    "gate": gate, "hook": hook, "csv": csv_memory, "office": office, "page": web_page,
    "large": large_page, "serve": server, "demo": demo,
}  # fmt: skip


def main() -> None:
    """Measure the parts that are asked for."""
    parser = report.arguments(__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help="some of " + ",".join(PARTS))
    options = parser.parse_args()
    for name in options.only.split(","):
        with tempfile.TemporaryDirectory() as folder:
            figures, notes = PARTS[name](Path(folder))
        rounded = {key: round(value, 4) for key, value in figures.items()}
        print(name, rounded)
        report.write(options.json, rounded, notes)


if __name__ == "__main__":
    main()

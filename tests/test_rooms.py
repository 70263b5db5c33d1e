"""Who may import whom: downwards only, plug-ins never each other, heavy packages never early."""

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import iqmetrics.cli
import pytest

import iqmetrics

RANKS = (
    ("cli",),
    ("views",),
    ("pipeline",),
    ("scorers", "generators", "engines", "metadata", "suites"),
    ("nets", "demo"),
    (
        "images",
        "compiled",
        "links",
        "png_rows",
        "window",
        "decode",
        "sniff",
        "csv_text",
        "colour",
        "shelf",
        "decode_worker",
        "worker_process",
        "workers",
        "calls",
        "comfyui_patch",
        "meter",
        "step_meter",
        "weights",
        "store",
        "presets",
        "shipped",
        "plugins",
        "stats",
        "folding",
        "render",
        "remote",
    ),
    ("records", "errors"),
)
RANK = {room: rank for rank, rooms in enumerate(RANKS) for room in rooms}
HEAVY = {"torch", "diffusers", "pyiqa", "open_clip", "insightface", "onnxruntime", "cv2", "scipy"} | {
    "transformers", "numba", "skimage", "rapidocr", "torchvision", "torchmetrics", "pandas", "openvino",
}  # fmt: skip
PLUGIN_ROOMS = ("scorers", "generators", "nets", "demo")


def modules() -> dict[str, Path]:
    roots = {
        "iqmetrics": Path(iqmetrics.__path__[0]),
        "iqmetrics.cli": Path(iqmetrics.cli.__path__[0]),
    }
    found = {}
    for package, root in roots.items():
        for path in root.rglob("*.py"):
            parts = [package, *path.relative_to(root).with_suffix("").parts]
            found[".".join(p for p in parts if p != "__init__")] = path
    return found


MODULES = modules()


def imports(module: str, top_level: bool) -> set[str]:
    tree = ast.parse(MODULES[module].read_text("utf-8"))
    nodes = tree.body if top_level else ast.walk(tree)
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            deeper = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= {name if name in MODULES else str(node.module) for name in deeper}
    return names


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_point_down(module: str) -> None:
    here = room(module)
    if not here or here == "metrics_cfg":
        return
    for name in imports(module, top_level=False):
        there = room(name) if name.startswith("iqmetrics") else ""
        if there in ("", here, "metrics_cfg"):
            continue
        assert RANK[here] <= RANK[there], f"{module} imports {name}"
        if RANK[here] == RANK[there]:
            assert here not in ("scorers", "generators"), f"{module} imports {name}"
        if here == "pipeline" and there in ("scorers", "generators"):
            assert name.endswith(".base"), f"{module} imports the plug-in {name}"


@pytest.mark.parametrize(
    "module", sorted(m for m in MODULES if room(m) in ("scorers", "generators"))
)
def test_plug_ins_do_not_import_each_other(module: str) -> None:
    siblings = {
        n for n in imports(module, top_level=False) if room(n) == room(module) and n.count(".") > 1
    }
    assert {n for n in siblings if not n.endswith(".base")} <= {module}


@pytest.mark.parametrize("module", sorted(m for m in MODULES if room(m) not in PLUGIN_ROOMS))
def test_heavy_packages_are_not_imported_at_module_level(module: str) -> None:
    assert not {name.split(".")[0] for name in imports(module, top_level=True)} & HEAVY


def test_there_is_no_circle() -> None:
    arrows = {
        m: {n for n in imports(m, top_level=True) if n in MODULES and n != m} for m in MODULES
    }
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, f"circle: {' -> '.join((*path, module))}"
        if module not in done:
            for other in arrows[module]:
                visit(other, (*path, module))
            done.add(module)

    for module in MODULES:
        visit(module, ())


LIGHT = {"numpy", "torch", "scipy", "cv2", "transformers", "pandas"}


@pytest.mark.parametrize(
    "args",
    [
        ["--help"],
        ["--version"],
        ["score", "--help"],
        ["scorecard", "--help"],
        ["scorers", "--help"],
        ["doctor"],
    ],
)
def test_help_version_and_doctor_import_nothing_heavy(args: list[str]) -> None:
    code = (
        "import sys; from iqmetrics.cli.main import run; code = run(sys.argv[1:]); "
        "print(sorted({m.split('.')[0] for m in sys.modules}), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not LIGHT & set(ast.literal_eval(done.stderr.splitlines()[-1]))


def test_nothing_lands_outside_the_package() -> None:
    assert find_spec("iqmetrics.cli") and find_spec("iqmetrics.metrics_cfg")
    assert Path(str(find_spec("iqmetrics.cli").origin)).parent.name == "cli"

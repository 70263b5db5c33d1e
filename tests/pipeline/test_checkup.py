"""What iqm doctor finds: what is broken, what is only absent, and the way out of each."""

import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import pytest

from iqmetrics import weights
from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.pipeline import checkup
from iqmetrics.pipeline.checkup import Check, checks
from iqmetrics.pipeline.settings import Settings
from iqmetrics.scorers.base import load

HEAVY = "torch", "cv2", "onnxruntime", "numba"


def found(what: str, deep: bool = False) -> Check:
    (check,) = (c for c in checks(deep) if c.what == what)
    return check


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Pretend what the package asks for and what is here."""

    def pretend(asked: list[str] | None, *here: str) -> None:
        def distribution(name: str) -> str:
            if name not in here:
                raise PackageNotFoundError(name)
            return name

        monkeypatch.setattr(checkup, "requires", lambda _: asked)
        monkeypatch.setattr(checkup, "distribution", distribution)
        monkeypatch.setattr(checkup, "version", lambda name: f"1.{len(name)}")

    return pretend


def test_every_finding_that_is_not_well_has_a_way_out() -> None:
    for check in checks():
        assert check.state in ("ok", "absent", "broken")
        assert check.told
        assert check.fix or check.state == "ok", check


def test_the_order_is_always_the_same() -> None:
    names = [c.what for c in checks()]
    assert names[0] == "iqmetrics"
    assert names[-3:] == ["image formats", "SQLite", "disk"]
    assert len(set(names)) == len(names)


def test_an_extra_is_well_when_all_its_packages_are_here(
    installed: Callable[..., None],
) -> None:
    installed(['numpy>=1', 'pandas>=2.2 ; extra == "tables"', "pyarrow; extra == 'tables'"],
              "pandas", "pyarrow")  # fmt: skip
    check = found("extra tables")
    assert (check.state, check.told) == ("ok", "pandas 1.6, pyarrow 1.7")


def test_an_extra_that_lacks_packages_names_them_and_the_command(
    installed: Callable[..., None],
) -> None:
    installed(['a>=1; extra == "x"', 'b[c]<2; extra == "x"', 'd~=3; extra == "x"'], "a")
    check = found("extra x")
    assert check == Check("extra x", "absent", "without b, d", "pip install 'iqmetrics[x]'")


def test_what_is_always_needed_and_bundles_of_extras_are_no_extra(
    installed: Callable[..., None],
) -> None:
    installed(["numpy>=1", 'iqmetrics[score,serve]; extra == "all"'])
    assert not [c for c in checks() if c.what.startswith("extra")]
    installed(None)
    assert not [c for c in checks() if c.what.startswith("extra")]


@pytest.mark.parametrize(
    "line", ["torch", "torch>=2.10", "torch<3", "torch==2.0", "torch~=2", "torch!=1", "torch[x]>=1",
             " torch >=2"]
)  # fmt: skip
def test_the_name_of_a_requirement(line: str) -> None:
    assert checkup._bare(line.strip()) == "torch"


def test_one_opencv_is_silent_and_two_are_told(installed: Callable[..., None]) -> None:
    installed([], "opencv-python-headless")
    assert not [c for c in checks() if c.what == "opencv"]
    installed([], "opencv-python-headless", "opencv-python")
    check = found("opencv")
    assert check.state == "ok"
    assert "pip uninstall -y opencv-python opencv-python-headless" in check.fix


def test_every_embedded_weight_file_is_verified() -> None:
    told = {c.what: c for c in checks() if c.what.startswith("weights")}
    embedded = [f"weights {w.name}" for w in weights.ledger().values() if w.embedded]
    assert set(embedded) <= set(told)
    assert {told[name].state for name in embedded} == {"ok"}


def test_big_weights_of_the_standard_preset_are_absent_with_their_command(
    no_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IQM_ALLOW_DOWNLOAD", "1")  # a look fetches nothing
    check = found("weights clip-vit-b-32")
    assert (check.state, check.fix) == ("absent", "iqm weights pull clip-vit-b-32")
    assert check.told == "not here: no clip and no diversity"
    folder = weights.folder_of(weights.entry("clip-vit-b-32"))
    folder.mkdir(parents=True)
    (folder / weights.entry("clip-vit-b-32").file).touch()
    assert found("weights clip-vit-b-32").state == "ok"


def test_they_are_those_that_its_scorers_ask_for(no_weights: Path) -> None:
    pytest.importorskip("open_clip")
    pytest.importorskip("pyiqa")
    carried = {u for w in weights.ledger().values() if not w.embedded for u in w.used_by}
    scorers = Settings().build_scorers()
    asked = set()
    for name in carried & set(scorers):
        with pytest.raises(Unavailable) as told:
            load(scorers[name], "cpu")
        asked.add(told.value.hint.removeprefix("iqm weights pull "))
    assert asked == set(checkup.STANDARD)


def test_a_damaged_weight_file_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> Path:
        raise BadInput(f"{name} is not what it was")

    monkeypatch.setattr(weights, "find", find)
    big = {f"weights {name}" for name in checkup.STANDARD}
    for check in (c for c in checks() if c.what.startswith("weights") and c.what not in big):
        assert check.state == "broken"
        assert check.fix == "Install iqmetrics again"


@pytest.mark.parametrize(("free", "state"), [(5e9, "ok"), (0.2e9, "broken")])
def test_a_full_disk_is_broken(free: float, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    check = found("disk")
    assert check.state == state
    assert bool(check.fix) is (state == "broken")
    assert check.told == f"{free / 1e9:.1f} GB free here"


def test_a_missing_image_format_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import features

    monkeypatch.setattr(features, "check", lambda name: name not in ("avif", "webp"))
    check = found("image formats")
    assert check.state == "absent"
    assert check.told.endswith("lacks WebP, AVIF")
    assert "pip install" in check.fix


def test_sqlite_keeps_a_write_ahead_log_here() -> None:
    check = found("SQLite")
    assert (check.state, check.told.split()[-1]) == ("ok", "wal")


def test_torch_is_looked_at_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert "torch" not in [c.what for c in checks()]
    check = found("torch", deep=True)
    assert (check.state, check.fix) == ("absent", "pip install 'iqmetrics[score]'")


@pytest.mark.parametrize(
    ("devices", "told"), [(0, "2.x, CPU only"), (2, "2.x, CUDA 12.4: card 0, card 1")]
)
def test_the_devices_are_named(devices: int, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = SimpleNamespace(
        is_available=lambda: devices > 0,
        device_count=lambda: devices,
        get_device_name=lambda n: f"card {n}",
    )
    torch = SimpleNamespace(__version__="2.x", cuda=cuda, version=SimpleNamespace(cuda="12.4"))
    monkeypatch.setitem(sys.modules, "torch", torch)
    assert found("torch", deep=True).told == told


def test_no_heavy_package_is_imported() -> None:
    import subprocess

    code = (
        "import sys; from iqmetrics.pipeline.checkup import checks; list(checks());"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

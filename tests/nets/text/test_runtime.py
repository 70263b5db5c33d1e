from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from iqmetrics.errors import BadInput, Unavailable
from iqmetrics.nets.text import runtime

pytest.importorskip("rapidocr")


def test_the_wheel_holds_the_measured_weights() -> None:
    assert runtime.find("detector").name.endswith("det_small.onnx")
    assert runtime.find("recogniser").stat().st_size > 20_000_000


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    name, _ = runtime.FILES["detector"]
    monkeypatch.setitem(runtime.FILES, "detector", (name, "0" * 64))
    runtime.find.cache_clear()
    with pytest.raises(BadInput, match="not the measured one"):
        runtime.find("detector")
    runtime.find.cache_clear()


def test_a_missing_package_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "find_spec", lambda name: None)
    runtime.find.cache_clear()
    with pytest.raises(Unavailable, match="rapidocr"):
        runtime.find("detector")
    runtime.find.cache_clear()


def test_alphabet_has_hanzi_latin_and_the_space_last() -> None:
    signs = runtime.alphabet()
    assert len(signs) == 18709 and signs[-1] == " "
    assert {"A", "z", "7", "开", "龍"} <= set(signs)


@pytest.mark.parametrize("name", ["onnxruntime", "openvino"])
def test_threads_may_ask_one_net_at_once(name: str) -> None:
    pytest.importorskip(name)
    net = runtime.open_net("recogniser", runtime.Runtime(name))
    batches = [np.random.default_rng(i).random((1, 3, 48, 320), np.float32) for i in range(8)]
    alone = [net(batch) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(net, batches))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)

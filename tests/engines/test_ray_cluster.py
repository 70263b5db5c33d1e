"""Joining a cluster: processors are divided, and what is not there is said in one sentence."""

import sys
import threading
import time

import pytest

from iqmetrics.engines import ray_cluster
from iqmetrics.engines.ray_cluster import Cluster, Share, divide
from iqmetrics.errors import BadInput, Unavailable


@pytest.mark.parametrize(
    ("nodes", "device", "cpus", "share"),
    [
        ([(2, 0)], "auto", None, Share(1, 2, 0)),
        ([(2, 0)], "auto", 1, Share(2, 1, 0)),
        ([(16, 0), (16, 0)], "cpu", None, Share(8, 4, 0)),
        ([(16, 0), (3, 0)], "cpu", None, Share(4, 4, 0)),
        ([(16, 1)], "auto", None, Share(1, 16, 1)),
        ([(16, 1)], "cpu", None, Share(4, 4, 0)),
        ([(8, 0), (32, 4), (16, 4)], "auto", None, Share(8, 4, 1)),
        ([(8, 2)], "cuda", 6, Share(1, 6, 1)),
        ([(2, 4)], "cuda", None, Share(2, 1, 1)),
    ],
)
def test_processors_are_divided(
    nodes: list[tuple[float, float]], device: str, cpus: int | None, share: Share
) -> None:
    assert divide(nodes, device, cpus) == share


def test_no_actor_asks_for_more_than_a_machine_has() -> None:
    for cores in range(1, 40):
        for gpus in range(5):
            share = divide([(cores, gpus)], "auto")
            assert share.actors >= 1
            assert share.actors * share.cpus <= cores
            assert share.actors * share.gpus <= gpus


def test_the_device_follows_from_the_share() -> None:
    assert Share(1, 4, 1).device == "cuda"
    assert Share(1, 4, 0).device == "cpu"


def test_gpus_that_are_not_there() -> None:
    with pytest.raises(BadInput, match="no GPU"):
        divide([(8, 0)], "cuda")


def test_machines_without_cores() -> None:
    with pytest.raises(BadInput, match="no CPU"):
        divide([(0, 0)], "auto")


@pytest.mark.parametrize("address", ["127.0.0.1:9", "ray://127.0.0.1:9", "no-such-host.invalid:1"])
def test_nothing_listens(address: str) -> None:
    start = time.monotonic()
    with pytest.raises(BadInput, match="no Ray cluster answers at") as caught:
        ray_cluster.probe(address)
    assert address in caught.value.message
    assert "ray start --head" in caught.value.hint
    assert time.monotonic() - start < 15


@pytest.mark.parametrize("address", ["head", "head:", "ray://head", ":x"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(BadInput, match="is no address"):
        ray_cluster.probe(address)


def test_auto_is_left_to_ray() -> None:
    ray_cluster.probe("auto")


def test_without_ray_the_command_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(Unavailable) as caught:
        Cluster()
    assert caught.value.message == "--engine ray needs ray, which is not installed"
    assert caught.value.hint == "pip install 'iqmetrics[ray]'"


def test_a_ray_that_runs_already_is_used_and_left_running(ray_here: None) -> None:
    import ray

    with Cluster("127.0.0.1:9") as cluster:
        assert cluster.share("auto").cpus == 2
        assert cluster.share("auto", 1).actors == 2
    assert ray.is_initialized()


def test_what_ray_prints_of_dying_processes_is_not_in_our_output(
    ray_here: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with Cluster():
        print("ours")
        ray_says = threading.Thread(target=print, args=("A worker died",), name="ray_listen_errors")
        ray_says.start()
        ray_says.join()
    print("after")
    assert capsys.readouterr().out == "ours\nafter\n"

"""Kernels are launched by one thread at a time, all that this package has."""

import ast
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from types import SimpleNamespace

import pytest

import iqmetrics
from iqmetrics.nets.launches import in_turn

PACKAGE = Path(iqmetrics.__file__).parent


def kernel(run: Callable[..., object]) -> SimpleNamespace:
    """Something that is launched as Triton's functions are: by its `run`."""
    return SimpleNamespace(run=run)


def test_a_launch_gets_its_arguments_and_its_answer_comes_back():
    made = in_turn(kernel(lambda *args, **options: (args, options)))
    assert made.run(1, 2, grid=(3,), warmup=False) == ((1, 2), {"grid": (3,), "warmup": False})


def test_launches_of_two_kernels_do_not_overlap():
    busy = Lock()

    def launch() -> bool:
        alone = busy.acquire(blocking=False)
        time.sleep(0.01)
        if alone:
            busy.release()
        return alone

    pair = [in_turn(kernel(launch)) for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda n: pair[n % 2].run(), range(12)))


def test_a_launch_that_fails_lets_the_next_one_through():
    def broken() -> None:
        raise RuntimeError("no such GPU")

    with pytest.raises(RuntimeError, match="no such GPU"):
        in_turn(kernel(broken)).run()
    assert in_turn(kernel(lambda: 7)).run() == 7


def launched_kernels() -> list[tuple[str, str, list[str]]]:
    """File, name and decorators of every function of `triton.jit` that its file launches."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text("utf-8")
        if "triton.jit" not in text:
            continue
        tree = ast.parse(text)
        launched = {
            node.func.value.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Subscript)
            and isinstance(node.func.value, ast.Name)
        }
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name in launched:
                names = [ast.unparse(one).partition("(")[0] for one in node.decorator_list]
                found.append((path.name, node.name, names))
    return found


@pytest.mark.parametrize(("file", "name", "decorators"), launched_kernels())
def test_every_kernel_that_is_launched_is_launched_in_turn(
    file: str, name: str, decorators: list[str]
):
    assert decorators == ["in_turn", "triton.jit"], f"{name} of {file}"


def test_the_kernels_are_found():
    assert len(launched_kernels()) >= 20

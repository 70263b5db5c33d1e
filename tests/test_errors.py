"""What is raised on purpose: one sentence, one help, an exit code; and it survives pickling."""

import pickle

import pytest

from iqmetrics.errors import (
    BadInput,
    ImageProblem,
    IqmError,
    NothingScored,
    Unavailable,
    UnknownName,
)


@pytest.mark.parametrize(
    ("kind", "code"), [(IqmError, 2), (BadInput, 2), (Unavailable, 2), (NothingScored, 3)]
)
def test_exit_codes(kind: type[IqmError], code: int) -> None:
    error = kind("it is so", "do that")
    assert error.exit_code == code
    assert isinstance(error, IqmError)


def test_an_error_prints_its_hint_below_its_message() -> None:
    assert str(BadInput("it is so", "do that")) == "it is so\n  do that"


def test_an_error_without_a_hint_is_one_line() -> None:
    assert str(BadInput("it is so")) == "it is so"
    assert BadInput("it is so").hint == ""


def test_an_unknown_name_guesses_the_nearest() -> None:
    error = UnknownName("scorer", "nige", ["niqe", "size", "piqe"])
    assert error.message == "no scorer named 'nige'"
    assert error.hint == "Did you mean 'niqe'? Known: niqe, piqe, size"
    assert error.exit_code == 2


def test_a_name_like_no_other_gets_no_guess() -> None:
    error = UnknownName("preset", "zzz", ["standard", "fast"])
    assert error.hint == "Known: fast, standard"


def test_a_hint_of_ones_own_replaces_the_list_but_not_the_guess() -> None:
    error = UnknownName("scorer", "sise", {"size": 1, "niqe": 2}, "List them: iqm scorers")
    assert error.hint == "Did you mean 'size'? List them: iqm scorers"


def test_names_may_come_from_an_iterator_once() -> None:
    error = UnknownName("option", "colr", iter(["colour", "width"]))
    assert error.hint == "Did you mean 'colour'? Known: colour, width"


def test_nothing_known_is_still_a_sentence() -> None:
    assert str(UnknownName("scorer", "x", [])).startswith("no scorer named 'x'")


def test_a_missing_package_names_the_command_that_brings_it() -> None:
    error = Unavailable.extra("--xlsx", "xlsxwriter", "tables")
    assert type(error) is Unavailable
    assert error.message == "--xlsx needs xlsxwriter, which is not installed"
    assert error.hint == "pip install 'iqmetrics[tables]'"


def test_the_extras_that_errors_name_exist() -> None:
    from importlib.metadata import metadata

    assert {"score", "tables", "serve"} <= set(metadata("iqmetrics").get_all("Provides-Extra"))


def test_an_image_problem_crosses_a_process_border() -> None:
    problem = pickle.loads(pickle.dumps(ImageProblem("truncated", "ends after 60 bytes")))
    assert (problem.status, problem.reason) == ("truncated", "ends after 60 bytes")
    assert str(problem) == "ends after 60 bytes"


def test_an_image_problem_is_no_error_of_the_user() -> None:
    assert not issubclass(ImageProblem, IqmError)


def test_a_problem_of_the_bytes_lasts_and_one_of_the_system_does_not() -> None:
    assert ImageProblem.of_bytes("unreadable", "a wrong checksum").lasting
    assert not ImageProblem.of_bytes("unreadable", str(OSError(28, "No space left"))).lasting
    assert not ImageProblem("unreadable", "Permission denied").lasting
    again = pickle.loads(pickle.dumps(ImageProblem.of_bytes("truncated", "half")))
    assert (again.status, again.reason, again.lasting) == ("truncated", "half", True)

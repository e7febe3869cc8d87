"""Paths, places and the error that carries all problems."""

from __future__ import annotations

import pytest

from zeta_router.app.config.report import ConfigErrors, Place, Problem, Report, path_text


def test_paths_read_as_people_write_them() -> None:
    assert path_text(()) == ""
    assert path_text(("endpoints", 1, "url")) == "endpoints[1].url"
    assert path_text(("models", "qwen2.5:7b", "tasks")) == 'models["qwen2.5:7b"].tasks'
    assert path_text(("models", 'a"b')) == 'models["a\\"b"]'


def test_problems_come_in_the_order_of_the_file() -> None:
    report = Report("f")
    report.places = {("a",): Place(9, 1), ("b",): Place(2, 5), ("b", "c"): Place(2, 9)}
    report.error(("a",), "is late")
    report.error(("b", "c"), "is second")
    report.error(("b",), "is first", "mend it")
    with pytest.raises(ConfigErrors) as caught:
        report.raise_if_failed()
    assert str(caught.value) == (
        "f:2:5: b: is first (mend it)\nf:2:9: b.c: is second\nf:9:1: a: is late"
    )
    assert (caught.value.path, caught.value.problem) == ("b", "is first")
    assert caught.value.hint == "mend it"


def test_what_is_not_in_the_file_is_placed_where_it_should_be() -> None:
    report = Report("f")
    report.places = {(): Place(1, 1), ("a", 0): Place(4, 3)}
    assert report.place_of(("a", 0, "url")) == Place(4, 3)
    assert report.place_of(("zzz",)) == Place(1, 1)


def test_a_part_is_broken_when_anything_in_it_is() -> None:
    report = Report("f")
    report.error(("models", "m", "tasks"), "is wrong")
    assert report.broken(("models", "m"))
    assert report.broken(())
    assert not report.broken(("models", "n"))
    assert not report.broken(("models", "m", "tasks", "code"))


def test_nothing_wrong_raises_nothing_and_warnings_are_kept() -> None:
    report = Report("f")
    report.warn(("a",), "is odd")
    report.raise_if_failed()
    assert not report.failed
    assert report.warnings == (Problem("a", "is odd"),)
    assert report.warnings[0].text("f") == "f: a: is odd"

"""Numbers from text: what each stands for, and that extraction is a function of the text."""

from math import log

import pytest

from zeta_router.learn.task.numbers import TEXT_FEATURE_NAMES, text_features


def features(text: str) -> dict[str, float]:
    return dict(zip(TEXT_FEATURE_NAMES, text_features(text, len(text)), strict=True))


def test_counts_are_logs_of_one_more():
    found = features("a {b} {c}\n1 22 1999 123456")
    assert found["symbol_brace"] == pytest.approx(log(5))
    assert found["lines"] == pytest.approx(log(2))
    assert found["numbers"] == pytest.approx(log(5))
    assert found["years"] == pytest.approx(log(2))
    assert found["long_numbers"] == pytest.approx(log(2))


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("é", "latin_accent"),
        ("π", "greek"),
        ("ж", "cyrillic"),
        ("ש", "semitic"),
        ("س", "semitic"),
        ("ก", "indic_thai"),
        ("త", "indic_thai"),
        ("の", "kana"),
        ("数", "han"),
        ("한", "hangul"),
        ("😀", "emoji"),
    ],
)
def test_scripts(text, script):
    found = features(text * 3)
    scripts = {n: v for n, v in found.items() if n.startswith("script_") and v}
    assert scripts == {f"script_{script}": pytest.approx(log(4))}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("what?", "ends_question"),
        ("何ですか？", "ends_question"),
        ("do it.", "ends_period"),
        ("好的。", "ends_period"),
        ("as follows:", "ends_colon"),
        ("go on", "ends_other"),
    ],
)
def test_ends(text, name):
    ends = {n: v for n, v in features(text).items() if n.startswith("ends_")}
    assert ends == {n: float(n == name) for n in ends}


def test_typographic_punctuation_does_not_hide_words():
    plain = features('say "python" now')
    typographic = features("say “python” now")
    assert plain["kw_code_name"] == typographic["kw_code_name"] > 0


def test_case_does_not_matter_to_words():
    assert features("PYTHON CODE")["kw_code_name"] == features("python code")["kw_code_name"] > 0


def test_empty_text_gives_numbers():
    assert features("")["chars"] == 0.0


def test_options_and_lists_are_seen():
    assert features("Which?\nA. x\nB. y")["option_mark"] > 0
    assert features("to do\n- x\n- y")["list_mark"] > 0
    assert features("plain")["option_mark"] == features("plain")["list_mark"] == 0

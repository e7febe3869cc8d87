"""Templates: every one can be filled, in every language, and the tasks are all there."""

import random
from collections import Counter

from zeta_router.app.training.augment import PERTURBATIONS, with_typos
from zeta_router.app.training.generate import fill, load_templates, made_prompts
from zeta_router.core.query import GENERATIVE_TASKS


def test_every_template_fills_without_a_slot_left():
    templates, slots = load_templates()
    draw = random.Random(1)
    for template in templates:
        text = fill(template, slots, draw)
        assert text.strip()
        assert not any(slot in text for slot in ("{A}", "{n}", "{s}", "{S}", "{pl}"))


def test_every_language_has_every_task():
    templates, _ = load_templates()
    languages = {template.lang for template in templates}
    seen = {(template.lang, template.task) for template in templates}
    assert len(languages) >= 20
    assert seen == {(lang, task) for lang in languages for task in GENERATIVE_TASKS}


def test_the_same_seed_gives_the_same_prompts():
    assert made_prompts(1, 3) == made_prompts(1, 3)
    assert made_prompts(1, 3) != made_prompts(1, 4)


def test_no_task_is_rare():
    tasks = Counter(prompt.task for prompt in made_prompts(1))
    assert min(tasks.values()) > 0.15 * sum(tasks.values())


def test_typos_touch_about_their_share_of_letters():
    text = "abcdefghij " * 500
    typed = with_typos(text, random.Random(1), 0.05)
    assert typed != text
    assert abs(len(typed) - len(text)) < 0.05 * len(text)


def test_perturbations_change_the_text():
    text = "Well, what is it?"
    for name, change in PERTURBATIONS.items():
        assert change(text, random.Random(3)) != text, name

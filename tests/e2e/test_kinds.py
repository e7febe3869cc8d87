"""Paraphrases and other tasks of the same kinds, written after the classifier."""

from __future__ import annotations

import pytest

from support.asking import ask, chat_body
from support.process import Zeta

pytestmark = pytest.mark.engines

CODE = [
    "Could you give me a Python routine that takes two sorted lists and returns one sorted list?",
    "merge 2 sorted arrays in python pls",
    "I have two ordered lists in Python. Write the code that combines them keeping the order.",
    "Implement the merge step of merge sort in Go.",
    "Write a SQL query that lists the ten customers with the highest revenue last month.",
    "My React component re-renders forever after I call setState in useEffect. How do I fix it?",
    "Fix this: `for i in range(len(xs)): xs.pop(i)` throws IndexError: pop index out of range",
    "Create a bash script which deletes log files older than 14 days.",
    "Refactor this function to use async/await: function load(cb) { fetch(url).then(cb) }",
    "Write unit tests with pytest for a function that validates e-mail addresses.",
    "How do I reverse a linked list in C++? Show the code.",
    "Schreibe eine Python-Funktion, die prüft, ob eine Zahl eine Primzahl ist.",
    "Escribe un programa en Java que lea un archivo y cuente las palabras.",
    'Convert this JSON to a TypeScript interface: {"id": 1, "tags": ["a"]}',
]
REASONING = [
    "Show, step by step, that sqrt(2) cannot be written as a fraction.",
    "Why is the square root of two not a rational number? Give a full proof.",
    "Give a rigorous argument that there are infinitely many prime numbers.",
    "Prove by induction that 1 + 2 + ... + n = n(n+1)/2.",
    "Find all real x such that x^3 - 6x^2 + 11x - 6 = 0 and justify each step.",
    (
        "Three friends each tell one lie. Anna says Ben did it, Ben says Carl did it, "
        "Carl denies it. Who did it? Explain your reasoning."
    ),
    (
        "A train leaves at 9:00 at 80 km/h, another at 9:30 at 120 km/h on the same track. "
        "When does the second catch up with the first?"
    ),
    "Evaluate the integral of x * e^x from 0 to 1.",
    "If all bloops are razzies and some razzies are lazzies, must some bloops be lazzies? Why?",
    (
        "You have 12 coins, one of them is counterfeit and differs in weight. "
        "How do you find it in three weighings?"
    ),
    "Beweise, dass die Summe zweier ungerader Zahlen gerade ist.",
    "Compute the probability that two of 23 people share a birthday, and derive the formula.",
    "Derive the closed form of the Fibonacci recurrence.",
]
SIMPLE = [
    "What is the capital of Portugal?",
    "Translate 'good morning' into Italian.",
    "hi there!",
    "Who wrote Pride and Prejudice?",
    "Give me three names for a cat.",
    "Write a short thank-you note to my neighbour for watering the plants.",
    "How many days are there in a leap year?",
    "Summarise this in one sentence: The meeting moved from Monday to Wednesday because of snow.",
    "What does the word 'ubiquitous' mean?",
    "Wie spät ist es, wenn der kleine Zeiger auf der drei steht?",
    "Suggest a title for a blog post about growing tomatoes.",
    "Is a tomato a fruit or a vegetable?",
    "What's a good substitute for butter when baking?",
]
KINDS = [
    *((text, "coder-7b") for text in CODE),
    *((text, "reasoner-14b") for text in REASONING),
    *((text, "small-4b") for text in SIMPLE),
]


def test_at_least_32_of_40_go_where_they_belong(embedded: Zeta) -> None:
    assert len(KINDS) == 40
    wrong = []
    for text, model in KINDS:
        told = ask(f"{embedded.url}/v1/route", chat_body(text)).json
        went = told["decisions"][0]["model"]
        if went != model:
            wrong.append(f"{went} instead of {model}: {text}")
    print(f"\n{40 - len(wrong)} of 40 as expected", *wrong, sep="\n  ")  # noqa: T201
    assert len(wrong) <= 8, "\n".join(wrong)

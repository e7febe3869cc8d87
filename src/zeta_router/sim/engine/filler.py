"""What an emulated engine says: words that mean nothing, one per token, and do not run in circles.

A gateway looks at answers. One word over and over looks like a model that is stuck in a loop, and
routers learn to avoid it.
"""

from __future__ import annotations

from random import Random

_TEXT = """
a about after all also an and another any are as at back be because been before between both but by
came can come could day did do down each even every few find first for found from get give go good
great had has have here how if in into is it its just keep kind know last left less like line little
long look made make many may might more most much must name near never new next no not now of off
often on once one only open or other our out over own part people place point put quite read right
said same see set she should show side since small so some still such take tell than that the their
them then there these they thing think this those three through time to together too two under until
up upon us use very want was way well were what when where which while who why will with without
word work would write year yet you
"""

_ALL = tuple(f"{word} " for word in Random(1).choices(_TEXT.split(), k=8192))


def filler(serial: int, start: int, count: int) -> str:
    """Words `start` to `start + count` of answer number `serial`."""
    at = serial * 977 + start
    return "".join([_ALL[(at + index) % len(_ALL)] for index in range(count)])

"""Run by `test_log_crash`: appends to a log until it is killed, and tells what it appended.

Each line says the number of the decision and when it was appended, on the system-wide monotonic
clock, and is printed only after the append.
"""

import sys
import time

from support.records import decided, ended
from zeta_router.telemetry.log.decision_log import DecisionLog
from zeta_router.telemetry.records import SavedState

log = DecisionLog(sys.argv[1], wall_offset_s=time.time() - time.monotonic())
number = int(sys.argv[2])
while True:
    at_s = time.monotonic()
    log.append(decided(f"q{number:09}", at_s=at_s))
    log.append(ended(f"q{number:09}", at_s=at_s))
    log.save_states([SavedState("cells", number, at_s, str(number).encode())])
    sys.stdout.write(f"{number} {at_s}\n")
    if number % 50 == 0:
        sys.stdout.flush()
        time.sleep(0.001)  # the pace of a busy router; without it nothing could keep up
    number += 1

"""Puts utterances together from the prompts of a telephone exchange: speech.py PROMPTS OUT

PROMPTS is a folder of G.722 files at 64 kb/s. OUT gets one file an utterance: 32-bit floats, 48 kHz, mono.
"""

import sys
from pathlib import Path

import numpy as np
import soxr
from G722 import G722

# One line an utterance, 6 to 10 s each.
UTTERANCES = """
agent-alreadyon vm-next
agent-user queue-holdtime
at-tone-time-exactly cannot-complete-as-dialed
conf-getchannel conf-waitforleader
confbridge-begin-glorious-b demo-echodone
demo-nomatch dir-firstlast
feature-not-avail-line pls-hold-while-try
pbx-invalid privacy-prompt
queue-youarenext something-terribly-wrong
ss-noservice vm-nonumber
vm-forward vm-rec-name
vm-nobodyavail vm-tocallback
"""
PAUSE = np.zeros(16_000 // 5, np.float32)


def prompt(path):
    samples = G722(16_000, 64_000).decode(path.read_bytes())
    return np.asarray(samples, np.float32) / 32_768


def main(prompts, out):
    for number, names in enumerate(UTTERANCES.split("\n")[1:-1]):
        parts = [PAUSE]
        for name in names.split():
            parts += [prompt(Path(prompts, name + ".g722")), PAUSE]
        utterance = soxr.resample(np.concatenate(parts), 16_000, 48_000, "VHQ")
        utterance.clip(-1, 1).astype("<f4").tofile(Path(out, f"{number:02}.f32"))


main(*sys.argv[1:])

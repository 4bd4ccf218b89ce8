"""Scores what was heard against what was said: PESQ (wide band), PLCMOS, and how much later it was heard.

Reads lines SAID<tab>HEARD, both paths of files of 32-bit floats at 48 kHz, mono. Answers each with a line of JSON.
"""

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache

import numpy as np
import soxr
from pesq import pesq
from speechmos.plcmos import PLCMOS

RATE = 16_000
# Each round is the opinion of one more listener; what is asked for is the mean over many utterances.
ROUNDS = 5


@cache
def plcmos():
    return PLCMOS(embed_rounds=ROUNDS)


def read(path):
    return soxr.resample(np.fromfile(path, "<f4"), 48_000, RATE, "VHQ").clip(-1, 1)


def lag(said, heard):
    """By how many samples `heard` is behind: where the two resemble each other most."""
    size = 1 << (len(said) + len(heard)).bit_length()
    alike = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(said, size)))
    return int(alike[:RATE].argmax())


def score(line):
    said, heard = map(read, line.rstrip("\n").split("\t"))
    behind = lag(said, heard)
    heard = heard[behind:][: len(said)]
    # Opinions are drawn by chance: the same ones for each utterance.
    np.random.seed(1)
    return {
        "pesq": pesq(RATE, said, heard, "wb"),
        "plcmos": plcmos()(heard)["plcmos"],
        "mouth_to_ear_ms": 1000 * behind / RATE,
    }


if __name__ == "__main__":
    with ProcessPoolExecutor() as pool:
        for scores in pool.map(score, sys.stdin):
            print(json.dumps(scores))

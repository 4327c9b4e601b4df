"""Fuzzing that is guided by coverage, for as long as one likes: not a part of the suite, which has Hypothesis.

    request     heads and bodies of requests, against h11: `python -m tests.fuzz.request SECONDS`
    answer      what servers say, against h11, and streams of events: `python -m tests.fuzz.answer SECONDS`
    guided      runs such a program, with atheris: `pip install atheris`

A program names what it does with some bytes, which raises where something is wrong, and what such bytes are made of.
What was found to be interesting is kept in the temporary directory, and the next run begins with it.
"""

"""Measurements, run by hand from the repository's root, in an environment that has memcli installed.

The commands, with what each is about:

    python -m tests.benchmarks LOCOMO                         everything about speed, one after the other
    python -m tests.benchmarks.startup                        whole commands, cold and warm, against a script
    python -m tests.benchmarks.sizes                          searching and storing, by the size of the store
    python -m tests.benchmarks.upkeep                         a store after 1,000 single writes
    python -m tests.benchmarks.imports LOCOMO                 texts a second against plain fastembed
    python -m tests.benchmarks.retrieval --locomo LOCOMO --paraphrase PARAPHRASE
                                                              does the right memory come back?
    python -m tests.benchmarks.graph                          following a graph of 100,000 edges
    python -m tests.benchmarks.transcripts                    turns a second that are read from a transcript
    python -m tests.benchmarks.locomo LOCOMO > turns.jsonl    a conversation file for `memcli import`

Each takes `--help`. LOCOMO and PARAPHRASE are paths: the licences of such data sets do not let us
ship them. LOCOMO is a file in the format of snap-research/LoCoMo (CC BY-NC 4.0); PARAPHRASE is JSON
Lines of facts and questions, see `paraphrase`. The other benchmarks make up their own texts.

Machines are noisy. What is compared runs in turns (A B A B) in one process tree, times are medians,
and a ratio is the median of the rounds' own ratios: quote ratios of one run, not seconds of two.
Every store lies in a temporary directory and every command gets that as its MEMCLI_HOME, so that no
benchmark touches the home of whoever runs it. Exit code 1 means that a goal was
missed, where there are goals.
"""

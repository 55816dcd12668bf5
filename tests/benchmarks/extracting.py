"""How many texts the rules for tags and fact lines read exactly as they were labelled.

    python -m tests.benchmarks.extracting TAGS FACTS
    python -m tests.benchmarks.extracting TAGS FACTS --wrong       each wrong one with what was expected

TAGS holds JSON Lines of {"kind", "text", "expected": [text]}, FACTS of {"kind", "text", "expected":
[{"fact", "importance"}]}. Printed are exact matches, over all and by kind, and how many characters are
read in a second.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from memcli.services.extracting.lines import from_facts
from memcli.services.extracting.tags import from_tags


def tags(text: str) -> list[Any]:
    """What the tags in *text* say."""
    return [fact.text for fact in from_tags(text)]


def facts(text: str) -> list[Any]:
    """The facts in *text*, as they are labelled."""
    return [{"fact": fact.text, "importance": fact.importance} for fact in from_facts(text)]


def measure(path: Path, read: Callable[[str], list[Any]], *, wrong: bool) -> bool:
    """Print how well *read* does on the rows of *path*; whether all of them are exact."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    began = time.perf_counter()
    got = [read(row["text"]) for row in rows]
    seconds = time.perf_counter() - began
    exact = [row["expected"] == answer for row, answer in zip(rows, got, strict=True)]
    size = sum(len(row["text"]) for row in rows)
    print(f"{path.name}: {sum(exact)} of {len(rows)} exact, {size / seconds:,.0f} characters/s")
    total, right = Counter(row["kind"] for row in rows), Counter[str]()
    for row, answer, is_exact in zip(rows, got, exact, strict=True):
        right[row["kind"]] += is_exact
        if wrong and not is_exact:
            print(f"  {row['kind']}: {row['text']!r}\n    expected {row['expected']}\n    got      {answer}")
    for kind, number in total.items():
        print(f"  {right[kind]:3} of {number:3}  {kind}")
    return all(exact)


def main() -> int:
    """Measure both; 1 where something was read otherwise than labelled."""
    parser = argparse.ArgumentParser(description="Exact matches of extraction by rules.")
    parser.add_argument("tags", type=Path, help="labelled replies with tags")
    parser.add_argument("facts", type=Path, help="labelled outputs of fact lines")
    parser.add_argument("--wrong", action="store_true", help="show what was read otherwise than labelled")
    given = parser.parse_args()
    done = [measure(given.tags, tags, wrong=given.wrong), measure(given.facts, facts, wrong=given.wrong)]
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main())

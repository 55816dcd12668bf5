"""Pairs of statements made from the sentences in slots.txt, for training: regular ones, and many.

What people write is in pairs.jsonl. These fill what that can't: each kind of fact with many
subjects and values, said in each of its ways.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
SLOTS = HERE / "slots.txt"

HEDGES = (
    "{}, by the way", "As mentioned before, {}", "{} (just so you know)", "Note that {}",
    "FYI: {}", "Remember that {}",
    "{}, as far as I know", "As you know, {}", "It should be noted that {}",
    "{}, as always", "Just a reminder: {}",
    "{}, by all accounts", "User said that {}", "{} (as discussed)", "Again: {}",
    "For the record, {}", "Apparently {}",
    "Currently {}", "{} at the moment", "Please note: {}",
)  # fmt: skip
EARLIER = (
    "In the past, {}", "Formerly: {}", "Years ago {}", "Originally {}", "Until 2019 {}",
    "Earlier, {}", "Back in 2015 {}",
    "Last season {}", "As a student: {}", "At first {}", "Previously: {}", "In those days {}",
)  # fmt: skip
PLANS = (
    "Maybe one day {}", "It was suggested that {}", "There are plans that {} next year",
    "Under discussion: {}",
    "It might be that soon {}", "Idea for next year: {}", "Someone proposed: {}", "Perhaps {} in the future",
)  # fmt: skip
RELATIVES = (
    "wife",
    "husband",
    "brother",
    "sister",
    "boss",
    "neighbour",
    "cousin",
    "daughter",
    "son",
    "colleague",
)
SELF = ("I", "User", "The user")


@dataclass(frozen=True)
class Pair:
    """An old and a new statement, what the new one does to the old one, and of which kind they are."""

    old: str
    new: str
    label: str
    kind: str


@dataclass
class Block:
    """One block of slots.txt."""

    kind: str
    name: str
    options: dict[str, str]
    lines: dict[str, list[str]] = field(default_factory=dict)


class Maker:
    """Makes pairs; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lists: dict[str, list[str]] = {}
        self.blocks: list[Block] = []
        for raw in SLOTS.read_text(encoding="utf-8").splitlines():
            if raw.startswith("@list"):
                name, words = raw[6:].split(": ", 1)
                self.lists[name] = [word.strip() for word in words.split(";")]
            elif raw.startswith("@"):
                kind, name, *options = raw[1:].split()
                self.blocks.append(Block(kind, name, dict(o.split("=") for o in options)))
            elif raw and not raw.startswith("#"):
                sign, sentences = raw[0], raw[2:]
                for sentence in (s.strip() for s in sentences.split(";")):
                    side = (
                        "<" if self.blocks[-1].kind == "relation" and not sentence.startswith("{a}") else sign
                    )
                    self.blocks[-1].lines.setdefault(side, []).append(sentence)

    # --- sentences ---

    def pick(self, name: str, *, but: str = "") -> str:
        """One of the list *name*, and not *but*."""
        return self.random.choice([word for word in self.lists[name] if word != but])

    def say(self, block: Block, sign: str, *, but: str = "", **words: str) -> str:
        """A sentence of *block* with the sign *sign*, not from the pattern *but*, filled with *words*."""
        patterns = [p for p in block.lines[sign] if p != but and ("{o}" not in p or "o" in words)]
        pattern = self.random.choice(patterns or block.lines[sign])
        return self.fill(pattern, **words)

    def two_ways(self, block: Block, signs: str, **words: str) -> tuple[str, str]:
        """Two different sentences that say the same."""
        patterns = [p for sign in signs for p in block.lines.get(sign, []) if "{o}" not in p]
        first, second = self.random.sample(patterns, 2)
        return self.fill(first, **words), self.fill(second, **words)

    def fill(self, pattern: str, **words: str) -> str:
        """*pattern* with *words*, in the grammar that its subject asks for."""
        if "{customer}" in pattern:
            words["customer"] = self.pick("customer")
        subject = words.get("s", "")
        if subject in ("I", "We") and pattern.startswith("{s}'s "):
            pattern = pattern.replace("{s}'s", "My" if subject == "I" else "Our", 1)
        text = pattern.format(**words)
        if subject in ("I", "We"):
            text = _conjugated(text, subject)
        text = text[0].upper() + text[1:]
        return text.lower() if self.random.random() < 0.08 else text

    def trivially(self, text: str) -> str:
        """*text* with a remark that adds nothing."""
        hedge = self.random.choice(HEDGES)
        return hedge.format(text)

    def misspelt(self, text: str) -> str:
        """*text* with a slip in one of its longer words, no name."""
        words = text.split()
        places = [i for i, w in enumerate(words) if len(w) > 5 and w.isalpha() and w.islower()]
        if not places:
            return text.lower()
        place = self.random.choice(places)
        word = words[place]
        at = self.random.randrange(1, len(word) - 2)
        slip = self.random.choice(("swap", "drop", "double"))
        if slip == "swap":
            word = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        elif slip == "drop":
            word = word[:at] + word[at + 1 :]
        else:
            word = word[:at] + word[at] + word[at:]
        words[place] = word
        return " ".join(words) if self.random.random() < 0.5 else " ".join(words).lower()

    # --- pairs ---

    def pairs(self, rounds: int) -> list[Pair]:
        """All kinds of pairs of each block, *rounds* times."""
        made: dict[tuple[str, str], Pair] = {}
        for _ in range(rounds):
            for block in self.blocks:
                for pair in getattr(self, f"_{block.kind}")(block):
                    if pair.old != pair.new:
                        made.setdefault((pair.old, pair.new), pair)
        return list(made.values())

    def _other_subject(self, block: Block, subject: str) -> str:
        if block.options["subject"] in ("anyone", "head") and self.random.random() < 0.4:
            owner = {"I": "My", "We": "Our"}.get(subject, f"{subject}'s")
            return f"{owner} {self.random.choice(RELATIVES)}"
        return self._somebody(block, but=subject)

    def _somebody(self, block: Block, *, but: str = "") -> str:
        subject = self.pick(block.options["subject"], but=but)
        return (
            self.pick(block.options["subject"], but=but)
            if subject in SELF and but in SELF and but
            else subject
        )

    def _some(self, share: float) -> bool:
        return self.random.random() < share

    def _same(self, block: Block, signs: str, **words: str) -> Iterator[Pair]:
        """Pairs that say the same."""
        old, new = self.two_ways(block, signs, **words)
        if self._some(0.7):
            yield Pair(old, new, "duplicate", "paraphrase")
        if words.get("s") in SELF and self._some(0.5):
            other = self.random.choice([s for s in SELF if s != words["s"]])
            pattern = self.random.choice([p for p in block.lines["="] if "{s}" in p])
            yield Pair(
                self.fill(pattern, **words),
                self.fill(pattern, **{**words, "s": other}),
                "duplicate",
                "person_change",
            )
        if self._some(0.15):
            yield Pair(old, self.trivially(old), "duplicate", "added_trivial_detail")
        if self._some(0.1):
            yield Pair(old, self.misspelt(old), "duplicate", "typo_case")

    def _one(self, block: Block) -> Iterator[Pair]:
        values, s = block.options["value"], self._somebody(block)
        v = self.pick(values)
        w = self.pick(values, but=v)
        yield from self._same(block, "=", s=s, v=v)
        if self._some(0.2):
            yield Pair(
                self.say(block, "=", s=s, v=v),
                self.say(block, ">", s=s, v=v),
                "duplicate",
                "now_still_confirmed",
            )
        yield Pair(
            self.say(block, "=", s=s, v=v),
            self.say(block, ">", s=s, v=w, o=v),
            "replaced",
            "value_changed_cue",
        )
        if self._some(0.8):
            pattern = self.random.choice(block.lines["="])
            yield Pair(
                self.fill(pattern, s=s, v=v),
                self.fill(pattern, s=s, v=w),
                "replaced",
                "value_changed_same_words",
            )
        if self._some(0.6):
            yield Pair(
                self.say(block, "=", s=s, v=v), self.say(block, "=", s=s, v=w), "replaced", "value_changed"
            )
        if "x" in block.lines and self._some(0.6):
            yield Pair(self.say(block, "=", s=s, v=v), self.say(block, "x", s=s, v=v), "replaced", "ended")
        if self._some(0.35):
            before = self._earlier(self.say(block, "=", s=s, v=w))
            now = self.say(block, "=", s=s, v=v)
            yield (
                Pair(before, now, "stored", "past_vs_present")
                if self._some(0.7)
                else Pair(now, before, "stored", "past_vs_present")
            )
        if self._some(0.3):
            plan = self.random.choice(PLANS).format(self.say(block, "=", s=s, v=w))
            yield Pair(self.say(block, "=", s=s, v=v), plan, "stored", "planned_vs_current")
        if "~" in block.lines:
            yield Pair(
                self.say(block, "=", s=s, v=v), self.say(block, "~", s=s, v=w), "stored", "past_or_planned"
            )
            if self._some(0.5):
                yield Pair(
                    self.say(block, "~", s=s, v=w),
                    self.say(block, "=", s=s, v=v),
                    "stored",
                    "past_or_planned",
                )
        yield from self._elsewhere(block, s, v, w)

    def _elsewhere(self, block: Block, s: str, v: str, w: str) -> Iterator[Pair]:
        """Pairs about something else: another subject, attribute, environment or time."""
        other = self._other_subject(block, s)
        pattern = self.random.choice([p for p in block.lines["="] if "{s}" in p])
        value = w if self._some(0.7) else v
        yield Pair(
            self.fill(pattern, s=s, v=v),
            self.fill(pattern, s=other, v=value),
            "stored",
            "same_shape_other_subject",
        )
        if self._some(0.3):
            yield Pair(
                self.say(block, "=", s=s, v=v),
                self.say(block, "=", s=other, v=value),
                "stored",
                "other_subject",
            )
        if ">" in block.lines and self._some(0.35):
            yield Pair(
                self.say(block, "=", s=s, v=v),
                self.say(block, ">", s=other, v=w, o=self.pick(block.options["value"], but=w)),
                "stored",
                "cue_but_other_subject",
            )
        if block.options["subject"] in ("service", "app", "component") and self._some(0.9):
            yield from self._environments(pattern, s, v, w)
        elif self._some(0.5):
            here, there = self.random.sample(self.lists[self.random.choice(("when", "where"))], 2)
            a, b = self.fill(pattern, s=s, v=v), self.fill(pattern, s=s, v=w)
            yield Pair(f"{a} {here}", f"{b} {there}", "stored", "other_scope")
            if block.kind == "one" and self._some(0.3):
                yield Pair(f"{a} {here}", f"{b} {here}", "replaced", "same_scope")
        others = [
            b for b in self.blocks
            if b is not block and b.kind in ("one", "many", "event")
            and b.options["subject"] == block.options["subject"]
        ]  # fmt: skip
        if others:
            fact = self.random.choice(others)
            words = {"s": s, "v": self.pick(fact.options["value"], but=v), "t": self.pick("past")}
            yield Pair(
                self.say(block, "=", s=s, v=v), self.say(fact, "=", **words), "stored", "other_attribute"
            )
            if ">" in fact.lines and self._some(0.3):
                new = self.say(fact, ">", **words, o=self.pick(fact.options["value"], but=words["v"]))
                yield Pair(self.say(block, "=", s=s, v=v), new, "stored", "cue_but_other_attribute")
        if self._some(0.3):
            far = self.random.choice([b for b in self.blocks if b.kind in ("one", "many", "two", "status")])
            words = {
                "s": self.pick(far.options["subject"]),
                "v": self.pick(far.options.get("value", "amount")),
            }
            yield Pair(self.say(block, "=", s=s, v=v), self.say(far, "=", **words), "stored", "unrelated")

    def _environments(self, pattern: str, s: str, v: str, w: str) -> Iterator[Pair]:
        here, there = self.random.sample(self.lists["env"], 2)
        if self._some(0.5):
            a, b = f"{self.fill(pattern, s=s, v=v)} in {here}", f"{self.fill(pattern, s=s, v=w)} in {there}"
            same = f"{self.fill(pattern, s=s, v=w)} in {here}"
        else:
            a, b = f"In {here} {self.fill(pattern, s=s, v=v)}", f"In {there} {self.fill(pattern, s=s, v=w)}"
            same = f"In {here} {self.fill(pattern, s=s, v=w)}"
        yield Pair(a, b, "stored", "other_environment")
        if self._some(0.3):
            yield Pair(a, same, "replaced", "same_environment")

    def _earlier(self, text: str) -> str:
        """*text* as something that was so in the past."""
        return self.random.choice(EARLIER).format(text)

    def _key(self, block: Block) -> Iterator[Pair]:
        """A key with a value that replaces the last one (kind `one`) or stands beside it (`many`)."""
        for _ in range(2):
            key = self.pick(block.options["keys"])
            v = self.pick(block.options["value"])
            w = self.pick(block.options["value"], but=v)
            pattern = self.random.choice(
                ("{k}: {v}", "{k}: {v}", "{k} is {v}", "The {k} is {v}", "{k} = {v}", "{k} -> {v}")
            )
            other = self.random.choice(("{k}: {v}", "{k} is {v}", "the {k} is {v}", "Our {k} is {v}"))
            one = block.options["many"] == "no"
            label = "replaced" if one else "stored"
            old = pattern.format(k=key, v=v)
            yield Pair(
                old, pattern.format(k=key, v=w), label, "config_value_changed" if one else "multi_valued"
            )
            yield Pair(
                old, other.format(k=key, v=w), label, "config_value_changed" if one else "multi_valued"
            )
            yield Pair(old, other.format(k=key, v=v), "duplicate", "key_value_rewrite")
            far = self.pick(block.options["keys"], but=key)
            yield Pair(old, pattern.format(k=far, v=w), "stored", "other_attribute")

    def _many(self, block: Block) -> Iterator[Pair]:
        values, s = block.options["value"], self._somebody(block)
        v = self.pick(values)
        w = self.pick(values, but=v)
        if len(block.lines["="]) > 1:
            yield from self._same(block, "=", s=s, v=v)
        pattern = self.random.choice(block.lines["="])
        yield Pair(
            self.fill(pattern, s=s, v=v), self.fill(pattern, s=s, v=w), "stored", "multi_valued_same_words"
        )
        yield Pair(self.say(block, "=", s=s, v=v), self.say(block, "=", s=s, v=w), "stored", "multi_valued")
        if ">" in block.lines:
            yield Pair(
                self.say(block, "=", s=s, v=v), self.say(block, ">", s=s, v=w), "stored", "multi_valued_more"
            )
        if "x" in block.lines:
            old, new = self.say(block, "=", s=s, v=v), self.say(block, "x", s=s, v=v)
            yield (
                Pair(old, new, "replaced", "ended")
                if self._some(0.75)
                else Pair(new, old, "replaced", "taken_up")
            )
            if self._some(0.5):
                yield Pair(old, self.say(block, "x", s=s, v=w), "stored", "another_ended")
            if self._some(0.3):
                yield Pair(
                    old, self.say(block, "x", s=self._other_subject(block, s), v=v), "stored", "other_opinion"
                )
        yield from self._elsewhere(block, s, v, w)

    def _event(self, block: Block) -> Iterator[Pair]:
        values, s = block.options["value"], self._somebody(block)
        v, t = self.pick(values), self.pick("past")
        w, u = self.pick(values, but=v), self.pick("past", but=t)
        pattern = self.random.choice(block.lines["="])
        yield Pair(
            self.fill(pattern, s=s, v=v, t=t),
            self.fill(pattern, s=s, v=w, t=u),
            "stored",
            "sequential_events",
        )
        yield Pair(
            self.say(block, "=", s=s, v=v, t=t),
            self.say(block, "=", s=s, v=w, t=u),
            "stored",
            "sequential_events",
        )
        if self._some(0.5) and "{t}" in pattern:
            new = self.fill(pattern, s=s, v=v, t=u)
            yield Pair(
                self.fill(pattern, s=s, v=v, t=t), new.replace(u, f"again {u}"), "stored", "sequential_events"
            )
        if block.name in ("talk", "trip", "outage", "call"):
            yield from self._same(block, "=", s=s, v=v, t=t)

    def _status(self, block: Block) -> Iterator[Pair]:
        s = self._somebody(block)
        other = self._somebody(block, but=s)
        for _ in range(3):
            yield Pair(self.say(block, "=", s=s), self.say(block, ">", s=s), "replaced", "status_finished")
        if self._some(0.8):
            yield Pair(
                self.say(block, "=", s=s), self.say(block, ">", s=other), "stored", "other_subject_status"
            )
            yield Pair(
                self.say(block, "=", s=s), self.say(block, "=", s=other), "stored", "same_shape_other_subject"
            )

    def _two(self, block: Block) -> Iterator[Pair]:
        s = self._somebody(block)
        other = self._other_subject(block, s)
        yield Pair(self.say(block, "=", s=s), self.say(block, "x", s=s), "replaced", "negation_added")
        yield Pair(self.say(block, "x", s=s), self.say(block, "=", s=s), "replaced", "negation_removed")
        for sign in "=x":
            old, new = self.two_ways(block, sign, s=s)
            yield Pair(old, new, "duplicate", "negative_equivalent" if sign == "x" else "paraphrase")
        yield Pair(
            self.say(block, "=", s=s), self.say(block, "x", s=other), "stored", "other_subject_negated"
        )
        if self._some(0.5):
            yield Pair(
                self.say(block, "x", s=s), self.say(block, "x", s=other), "stored", "same_shape_other_subject"
            )

    def _relation(self, block: Block) -> Iterator[Pair]:
        a, b, c = self.random.sample(self.lists[block.options["a"]], 3)
        yield Pair(
            self.say(block, "=", a=a, b=b), self.say(block, "=", a=b, b=a), "stored", "directional_relation"
        )
        yield Pair(
            self.say(block, "=", a=a, b=b), self.say(block, "=", a=b, b=c), "stored", "directional_relation"
        )
        if self._some(0.5):
            yield Pair(
                self.say(block, "<", a=a, b=b),
                self.say(block, "=", a=c, b=a),
                "stored",
                "directional_relation",
            )
        yield Pair(
            self.say(block, "=", a=a, b=b), self.say(block, "<", a=a, b=b), "duplicate", "converse_relation"
        )

    def _order(self, block: Block) -> Iterator[Pair]:
        values = block.options["value"]
        v = self.pick(values)
        w = self.pick(values, but=v)
        for _ in range(2):
            yield Pair(*self.two_ways(block, "=", v=v), "duplicate", "paraphrase")
        yield Pair(
            self.say(block, "=", v=v), self.say(block, ">", v=w, o=v), "replaced", "instruction_changed_cue"
        )
        pattern = self.random.choice(block.lines["="])
        yield Pair(self.fill(pattern, v=v), self.fill(pattern, v=w), "replaced", "instruction_changed")
        yield Pair(self.say(block, "=", v=v), self.say(block, "=", v=w), "replaced", "instruction_changed")
        if "x" in block.lines:
            yield Pair(
                self.say(block, "=", v=v), self.say(block, "x", v=v), "replaced", "instruction_negated"
            )
            pattern = self.random.choice(block.lines["x"])
            yield Pair(
                self.fill(pattern, v=v), self.fill(pattern, v=w), "stored", "complementary_instruction"
            )
        here, there = self.random.sample(self.lists["where"], 2)
        pattern = self.random.choice(block.lines["="])
        a, b = self.fill(pattern, v=v), self.fill(pattern, v=w)
        yield Pair(f"{a} {here}", f"{b} {there}", "stored", "other_scope")
        for _ in range(2):
            far = self.random.choice([o for o in self.blocks if o.kind == "order" and o is not block])
            new = self.say(far, "=", v=self.pick(far.options["value"], but=v))
            yield Pair(self.say(block, "=", v=v), new, "stored", "complementary_instruction")


_VERBS = {
    "is": "am",
    "has": "have",
    "does": "do",
    "doesn't": "don't",
    "goes": "go",
    "was": "was",
    "isn't": "am not",
}


def _conjugated(text: str, subject: str) -> str:
    """*text*, about "I" or "We", with its verb in that person."""
    plural = {"is": "are", "was": "were", "isn't": "aren't"} if subject == "We" else {}

    def verb(match: re.Match[str]) -> str:
        word = match[2]
        changed = plural.get(word, _VERBS.get(word, word))
        if (
            changed == word
            and word.endswith("s")
            and not word.endswith("ss")
            and word not in ("was", "always")
        ):
            changed = word[:-3] + "y" if word.endswith("ries") else re.sub(r"(ch|sh|ss)es$|s$", r"\1", word)
        return f"{match[1]} {changed}"

    text = re.sub(rf"\b({subject})'s\b", "my" if subject == "I" else "our", text)
    return re.sub(rf"\b({subject}) ([a-z']+)", verb, text, count=1)

"""Everything that can go wrong in a way a user can cause, each with its exit code and one sentence.

The exit codes are part of the contract with scripts and are listed in the README:
0 done, 1 other failure, 2 usage, 3 not found, 4 conflict, 5 configuration, 6 storage, 7 embedding,
8 LLM command, 130 interrupted.
"""

from __future__ import annotations

SENTENCE_MOST = 1_000
"""Characters of a sentence: ten lines of a terminal. It quotes what was given, which may be megabytes."""


class MemcliError(Exception):
    """Base of all errors that are shown as one sentence on standard error.

    Args:
        sentence: What happened, in one sentence without a full stop of its own accord; of one that is too
            long the middle is left out.
        hint: What to do about it, shown on a second line; empty where nothing can be advised.
    """

    exit_code = 1

    def __init__(self, sentence: str, *, hint: str = "") -> None:
        if len(sentence) > SENTENCE_MOST:
            sentence = f"{sentence[: SENTENCE_MOST - 200]} ... {sentence[-195:]}"
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint


class UsageError(MemcliError):
    """What was asked for makes no sense: an empty text, an importance of 7, an unreadable date."""

    exit_code = 2


class NotFoundError(MemcliError):
    """A memory, space or file that was named does not exist."""

    exit_code = 3


class NotAllowedError(MemcliError):
    """What was asked for takes another role in the team: exit code 1, as of any other failure."""


class ConflictError(MemcliError):
    """The name or id is taken, or names more than one thing."""

    exit_code = 4


class ConfigError(MemcliError):
    """The configuration file can't be read, or a setting in it has no valid value."""

    exit_code = 5


class StorageError(MemcliError):
    """The store can't be opened, read or written."""

    exit_code = 6


class DamagedError(StorageError):
    """Something of the store is missing, or makes no sense: `memcli doctor` says what can be brought back."""


class LLMError(MemcliError):
    """The user's LLM command is missing, fails, takes too long, or answers nonsense."""

    exit_code = 8


class EmbeddingError(MemcliError):
    """The embedding model can't be found, loaded, downloaded, or doesn't fit the store's vectors."""

    exit_code = 7

"""What a model wants to see in front of a query and of a document.

Some models are trained with such words and lose noticeably without them. fastembed 0.9 adds none of
them itself (it only switches the task of jina-embeddings-v3), so nothing is said twice.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PASSAGES = "Represent this sentence for searching relevant passages: "
_INSTRUCT = "Instruct: Given a web search query, retrieve relevant passages that answer the query"

FAMILIES: tuple[tuple[str, str, str], ...] = (
    (r"snowflake-arctic-embed-[ml]-v2", "query: ", ""),
    (r"snowflake-arctic-embed", _PASSAGES, ""),
    (r"mxbai-embed", _PASSAGES, ""),
    (r"bge-(small|base|large)-en", _PASSAGES, ""),
    (r"bge-(small|base|large)-zh", "为这个句子生成表示以用于检索相关文章：", ""),
    (r"e5-\w+-instruct|qwen3-embedding", f"{_INSTRUCT}\nQuery:", ""),
    (r"stella-en", f"{_INSTRUCT}.\nQuery: ", ""),
    (r"(^|[/-])e5-", "query: ", "passage: "),
    (r"nomic-embed-text", "search_query: ", "search_document: "),
    (r"embeddinggemma", "task: search result | query: ", "title: none | text: "),
)
"""Pattern in the lower-case model name, words before a query, before a document; the first match counts."""


def of_family(name: str) -> tuple[str, str]:
    """(query prefix, document prefix) that the model called *name* was trained with; empty where unknown."""
    for pattern, query, document in FAMILIES:
        if re.search(pattern, name.lower()):
            return query, document
    return "", ""


def of_directory(path: Path) -> tuple[str, str]:
    """The prefixes that sentence-transformers' settings in *path* name, else those of its directory name."""
    try:
        settings = json.loads((path / "config_sentence_transformers.json").read_text(encoding="utf-8"))
        prompts = settings["prompts"]
        document = prompts.get("document") or prompts.get("passage") or ""
        query = prompts.get("query") or ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return of_family(path.name)
    return (query, document) if query or document else of_family(path.name)

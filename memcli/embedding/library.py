"""How fastembed is imported: only the part that embeds text from local files.

`import fastembed` takes 0.45 s, of which more than half is a download library, image classes and
other kinds of embedding. Stand-ins for those leave 0.2 s, nearly all numpy and onnxruntime.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from memcli import standins

if TYPE_CHECKING:
    from fastembed import TextEmbedding

NOT_NEEDED = (
    "huggingface_hub",
    "requests",
    "PIL",
    "loguru",
    "fastembed.image",
    "fastembed.late_interaction",
    "fastembed.late_interaction_multimodal",
    "fastembed.sparse",
)
"""What fastembed imports but text embedding from a directory never calls (tqdm too, but lancedb has it)."""


def text_embedding() -> type[TextEmbedding]:
    """The class of fastembed for text, imported on the first call."""
    # The threads are ours (see vectors); those of tokenizers only complain when a process forks.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    # onnxruntime notes each session in ~/.cache and reports it to its maker, unless told not to before it
    # is loaded. memcli sends nothing anywhere.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    standins.import_without("fastembed", *NOT_NEEDED)
    from fastembed import TextEmbedding

    return TextEmbedding

"""Pages for a browser: one file each, with everything in it and nothing from elsewhere.

A page is a template beside this module. What it includes and the data are put in when it is written, and its
Content-Security-Policy then names the very scripts and styles that are in it: should a text ever get out of
the data, a browser would still not run it.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import Any

INCLUDED = re.compile(r"^[ ]*/\* include ([a-z]+\.[a-z]+) \*/\n", re.MULTILINE)
DATA = '"the data"'
"""What stands in a template where the data go."""

POLICY = "<!-- policy -->"
INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


def page(name: str, data: Any) -> str:
    """The page made from the template called *name*, with *data*."""
    whole = INCLUDED.sub(lambda match: _text(match[1]), _text(name))
    policy = _policy(whole.replace(DATA, as_script(data), 1))
    return whole.replace(POLICY, policy, 1).replace(DATA, as_script(data), 1).removesuffix("\n")


def as_script(data: Any) -> str:
    """*data* as JSON that can stand in a script: no `<` in it can end that, and all of it is ASCII."""
    said = json.dumps(data, separators=(",", ":"))
    for sign in "<>&":
        said = said.replace(sign, f"\\u{ord(sign):04x}")
    return said


def _policy(whole: str) -> str:
    """What a browser may do with the page *whole*: run and heed what is in it now, and nothing else."""
    allowed: dict[str, list[str]] = {"script": [], "style": []}
    for kind, text in INLINE.findall(whole):
        digest = b64encode(sha256(text.encode()).digest()).decode()
        allowed[kind].append(f"'sha256-{digest}'")
    kinds = "; ".join(f"{kind}-src {' '.join(some)}" for kind, some in allowed.items())
    said = f"default-src 'none'; {kinds}; base-uri 'none'; form-action 'none'"
    return f'<meta http-equiv="Content-Security-Policy" content="{said}">'


def _text(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")

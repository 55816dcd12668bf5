"""What bash, zsh and fish are told when Tab is pressed, and the scripts that ask.

A script hands over the line as it stands before the cursor, and gets lines back: `files` where the shell
is to offer files itself, or else `names` and below it what fits. Names come as each shell wants them (bash:
ready to be inserted, quoted; zsh: with what to show instead; fish: with a description), so that no shell ever
evaluates any of them: they are people's texts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from typer._click import shell_completion as click

BASH = """\
_memcli_completion() {
    local IFS=$'\\n' line said="" program=memcli
    [[ $1 == */* ]] && program=${1/#\\~/$HOME}
    COMPREPLY=()
    while read -r line; do
        if [[ -z $said ]]; then said=$line; else COMPREPLY+=("$line"); fi
    done < <(_MEMCLI_COMPLETE=complete_bash _MEMCLI_LINE=${COMP_LINE:0:COMP_POINT} \\
        _MEMCLI_WIDTH=${COLUMNS-} _MEMCLI_LISTS=$COMP_TYPE _MEMCLI_BREAKS=$COMP_WORDBREAKS \\
        "$program" 2>/dev/null)
    if [[ $said != files ]]; then compopt +o default +o bashdefault 2>/dev/null; fi
    return 0
}

complete -o nosort -o bashdefault -o default -F _memcli_completion memcli 2>/dev/null ||
    complete -o bashdefault -o default -F _memcli_completion memcli
"""

ZSH = """\
#compdef memcli

_memcli() {
  local program=memcli line tab=$'\\t'
  local -a said found shown
  [[ $words[1] == */* ]] && program=${words[1]/#\\~/$HOME}
  said=("${(@f)$(_MEMCLI_COMPLETE=complete_zsh _MEMCLI_WIDTH=$COLUMNS \\
    _MEMCLI_LINE="${(j: :)words[1,CURRENT-1]} $IPREFIX$QIPREFIX$PREFIX" $program 2>/dev/null)}")
  if [[ $said[1] == files ]]; then
    _files
    return
  fi
  for line in "${(@)said[2,-1]}"; do
    found+=("${line%%$tab*}")
    shown+=("${line#*$tab}")
  done
  (( $#found )) || return 1
  if [[ "$found" == "$shown" ]]; then
    compadd -V memcli -a found
  else
    compadd -V memcli -l -d shown -a found
  fi
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _memcli "$@"
else
  compdef _memcli memcli
fi
"""

FISH = """\
function __memcli_complete
    set -l words (commandline -opc)
    set -l program memcli
    string match -q '*/*' -- $words[1]; and set program $words[1]
    set -l said (env _MEMCLI_COMPLETE=complete_fish _MEMCLI_LINE=(commandline -cp | string collect) \\
        $program 2>/dev/null)
    if test "$said[1]" = files
        __fish_complete_path (commandline -ct)
    else if set -q said[2]
        string join \\n -- $said[2..-1]
    end
end

complete --command memcli --no-files --keep-order --arguments '(__memcli_complete)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}

WIDTH = 80
"""Columns of a terminal that does not tell its own."""

SPECIAL = frozenset(" \t\\'\"`$&|;()<>{}[]*?!~#^")
"""What bash would not take as it is in a word without quotes."""

LISTS = "63"
"""What bash's COMP_TYPE is when matches are listed and none will be inserted: the ordinal number of `?`."""

IS_FILE = ("FILE", "DIRECTORY")
"""What the help calls what may be a file of the user's."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a line.

    Attributes:
        value: What it means.
        raw: How it is written.
        quote: The quote that is open at its end; "" for none.
    """

    value: str = ""
    raw: str = ""
    quote: str = ""


def words(line: str, *, is_fish: bool = False) -> list[Word]:
    """The words of *line*, the last of which is the one at its end: it may be empty, or have a quote open.

    Args:
        line: The line.
        is_fish: Whether a backslash counts between single quotes.
    """
    done: list[Word] = []
    now: Word | None = None
    rest = iter(line)
    for c in rest:
        quote = now.quote if now else ""
        if not quote and c in " \t\n":
            done += [now] if now else []
            now = None
            continue
        now = now or Word()
        now = replace(now, raw=now.raw + c)
        if c == "\\" and (quote != "'" or is_fish):
            escaped = next(rest, "")
            kept = "" if not quote or escaped in '"$`\\\n' + ("'" if is_fish else "") else c
            now = replace(now, value=now.value + kept + escaped, raw=now.raw + escaped)
        elif c in "'\"" and quote in ("", c):
            now = replace(now, quote="" if quote else c)
        else:
            now = replace(now, value=now.value + c)
    return [*done, now or Word()]


@dataclass(frozen=True, slots=True)
class Name:
    """Something that fits: the word as a whole, and a few words on it."""

    value: str
    about: str = ""


class Told(click.ShellComplete):
    """What a shell is told: nothing rather than an error, since it would stand in the middle of a line."""

    source_template = ""

    def source_vars(self) -> dict[str, Any]:
        """Nothing: scripts are in `SCRIPTS`."""
        return {}

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one at the cursor, without the program, and that one's beginning."""
        line = words(os.environ.get("_MEMCLI_LINE", ""), is_fish=self.name == "fish")
        is_program = [word.value.rpartition("/")[2] == "memcli" for word in line[:-1]]
        start = is_program.index(True) + 1 if True in is_program else 1
        return [word.value for word in line[start:-1]], line[-1].value

    def complete(self) -> str:
        """What the shell is told, as lines."""
        try:
            found = self._found()
            return "files" if found is None else "\n".join(["names", *self.lines(found)])
        except Exception:  # whatever it is, the line stays as it is
            if os.environ.get("MEMCLI_DEBUG"):
                raise
            return "names"

    def _found(self) -> list[Name] | None:
        """What fits; None for files."""
        arguments, typed = self.get_completion_args()
        context = click._resolve_context(self.cli, self.ctx_args, self.prog_name, arguments)
        one, incomplete = click._resolve_incomplete(context, arguments, typed)
        if getattr(one, "metavar", None) in IS_FILE:
            return None
        before = typed.removesuffix(incomplete)  # of `--space=wo`
        found = [
            Name(before + item.value, " ".join((item.help or "").split()))
            for item in one.shell_complete(context, incomplete)
            if item.type == "plain"
        ]
        return [name for name in found if not any(c in name.value for c in "\n\t\ufffd")]

    def lines(self, found: Sequence[Name]) -> Iterator[str]:
        """What the shell takes, for each of what was *found*."""
        raise NotImplementedError

    def format_completion(self, item: Any) -> str:
        """Not asked for: `lines` does it."""
        raise NotImplementedError


class Bash(Told):
    """Bash inserts what it is told as it is, after the last of its word breaks."""

    name = "bash"

    def lines(self, found: Sequence[Name]) -> Iterator[str]:
        """Quoted names; where they are only listed, names and what they are."""
        if os.environ.get("_MEMCLI_LISTS") == LISTS and len(found) > 1:
            return aligned(found)
        return (inserted(name.value, self._now(), os.environ.get("_MEMCLI_BREAKS", "")) for name in found)

    def _now(self) -> Word:
        return words(os.environ.get("_MEMCLI_LINE", ""))[-1]


def inserted(value: str, now: Word, breaks: str) -> str:
    """*value* as bash takes it in the place of what it holds for the current word, of which *now* is there.

    That begins after the quote that is open, or after the last of *breaks*, such as `:` and `=`.
    """
    if now.quote == '"':
        return "".join("\\" + c if c in '"$`\\' else c for c in value)
    if now.quote:
        return value.replace("'", "'\\''")
    cut = max((now.value.rfind(c) + 1 for c in breaks if c not in " \t\n'\"\\"), default=0)
    return "".join("\\" + c if c in SPECIAL else c for c in value[cut:])


class Zsh(Told):
    """Zsh quotes what it is told, and shows something else in its place."""

    name = "zsh"

    def lines(self, found: Sequence[Name]) -> Iterator[str]:
        """Each name, and after a tab the line that is shown."""
        return (f"{one.value}\t{line}" for one, line in zip(found, aligned(found), strict=True))


class Fish(Told):
    """Fish quotes what it is told, and shows a description after a tab."""

    name = "fish"

    def lines(self, found: Sequence[Name]) -> Iterator[str]:
        """Each name, and after a tab what it is."""
        return (f"{one.value}\t{one.about}" if one.about else one.value for one in found)


def aligned(found: Sequence[Name]) -> Iterator[str]:
    """A line for each name, what it is beside it, as wide as the terminal at most."""
    told = os.environ.get("_MEMCLI_WIDTH", "")
    most = (int(told) if told.isdecimal() and int(told) >= 20 else WIDTH) - 1  # a full line would wrap
    width = min(max((len(name.value) for name in found), default=0), most // 2)
    for name in found:
        line = f"{name.value:<{width}}  {name.about}" if name.about else name.value
        yield line if len(line) <= most else line[: most - 1] + "…"


def begin() -> None:
    """Make these the shells that `_MEMCLI_COMPLETE` may name."""
    for shell in (Bash, Zsh, Fish):
        click.add_completion_class(shell, shell.name)

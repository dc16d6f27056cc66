"""``kerasdiff completion``, and what a shell is offered after Tab: commands, options, files, and the names in a file.

Why not click's own scripts? bash splits words at colons and equals signs, so that it would ask for a completion of
``Net`` alone where ``model.py:Net`` is typed. These scripts hand over the line; the names come from reading the file,
without running it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import click
from click.shell_completion import CompletionItem, ShellComplete, add_completion_class, split_arg_string

VARIABLE = "_KERASDIFF_COMPLETE"
"""What says in the environment that a shell asks; click looks at it before anything else."""

_BASH = """\
%(complete_func)s() {
    local kind value
    COMPREPLY=()
    while IFS=, read -r kind value; do
        case "$kind" in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            part) compopt -o nospace; COMPREPLY+=("$value") ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done < <(COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_WORDBREAKS="$COMP_WORDBREAKS" \\
        %(complete_var)s=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""

_ZSH = """\
#compdef %(prog_name)s
%(complete_func)s() {
    local kind value
    local -a whole parts
    while IFS=, read -r kind value; do
        case "$kind" in
            dir) _path_files -/ ;;
            file) _path_files -f ;;
            part) parts+=("$value") ;;
            plain) whole+=("$value") ;;
        esac
    done < <(COMP_LINE="${(j: :)words[1,CURRENT]}" %(complete_var)s=zsh_complete "${words[1]}" 2>/dev/null)
    (( $#parts )) && compadd -S '' -V parts -a parts
    (( $#whole )) && compadd -V whole -a whole
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""

_FISH = """\
function %(complete_func)s
    set -l line (commandline -cp)
    COMP_LINE="$line" %(complete_var)s=fish_complete %(prog_name)s 2>/dev/null | while read -d , -l kind value
        switch $kind
            case dir
                __fish_complete_directories (commandline -ct)
            case file
                __fish_complete_path (commandline -ct)
            case '*'
                echo $value
        end
    end
end
complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)"
"""


class Shell(ShellComplete):
    """A shell that hands over its line up to the cursor, and takes a kind and a value a line.

    A value of kind ``part`` is not all of a word: no space follows.
    """

    def get_completion_args(self) -> tuple[list[str], str]:
        line = os.environ.get("COMP_LINE", "")
        words = split_arg_string(line)
        # A line that ends in a blank begins a new word.
        incomplete = words.pop() if words and not line[-1:].isspace() else ""
        return words[1:], incomplete

    def format_completion(self, item: CompletionItem[str]) -> str:
        return f"{item.type},{item.value}"


class Bash(Shell):
    """bash, which replaces what stands behind the last of its own word breaks."""

    name = "bash"
    source_template = _BASH

    def format_completion(self, item: CompletionItem[str]) -> str:
        _, typed = self.get_completion_args()
        breaks = [character for character in ":=" if character in os.environ.get("COMP_WORDBREAKS", "")]
        kept = max((typed.rfind(character) for character in breaks), default=-1) + 1
        return f"{item.type},{item.value[kept:]}"


class Zsh(Shell):
    """zsh."""

    name = "zsh"
    source_template = _ZSH


class Fish(Shell):
    """fish."""

    name = "fish"
    source_template = _FISH


SHELLS: dict[str, type[Shell]] = {"bash": Bash, "zsh": Zsh, "fish": Fish}


def prepare() -> None:
    """Makes click ask these, where a shell asks."""
    if os.environ.get(VARIABLE):
        for shell in SHELLS.values():
            add_completion_class(shell)


# Targets ------------------------------------------------------------------------------------------------------


def targets(context: click.Context, option: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Files that may hold a model, and behind a colon the names in one."""
    file, colon, begun = incomplete.rpartition(":")
    if not colon:
        from kerasdiff.side.targets import DEFINING, KINDS

        naming = tuple(suffix for suffix, kind in KINDS.items() if kind in DEFINING)
        return list(_files(incomplete, naming, tuple(KINDS.keys() - set(naming))))
    return [CompletionItem(f"{file}:{name}") for name in _names(file) if name.startswith(begun)]


def _files(incomplete: str, naming: tuple[str, ...], whole: tuple[str, ...]) -> Iterator[CompletionItem[str]]:
    """Directories, which go on, and files by their endings."""
    folder, slash, begun = incomplete.rpartition("/")
    try:
        entries = sorted(Path(folder + slash or ".").expanduser().iterdir())
    except OSError:
        return
    for entry in entries:
        if not entry.name.startswith(begun) or (entry.name.startswith((".", "__")) and not begun):
            continue
        value = f"{folder}{slash}{entry.name}"
        if entry.is_dir():
            yield CompletionItem(f"{value}/", type="part")
        elif entry.suffix in naming:
            yield CompletionItem(f"{value}:", type="part")
        elif entry.suffix in whole:
            yield CompletionItem(value)


def _names(file: str) -> list[str]:
    """What the text of a Python file says that could be a model; nothing where it does not parse."""
    import ast

    from kerasdiff.side.reading.kinds import listed
    from kerasdiff.side.reading.names import names_of

    try:
        tree = ast.parse(Path(file).expanduser().read_bytes())
    except (OSError, SyntaxError, ValueError):
        return []
    return listed(names_of(tree)) or []


def formats(names: tuple[str, ...], incomplete: str) -> list[CompletionItem[str]]:
    """Formats, each alone and as the beginning of ``NAME=FILE``; behind that, files."""
    name, equals, file = incomplete.partition("=")
    if not equals:
        return [CompletionItem(known) for known in names if known.startswith(incomplete)]
    found = _files(file, (), (".md", ".xml", ".sarif", ".json", ".txt", ".html"))
    return [CompletionItem(f"{name}={item.value}", type=item.type) for item in found]


def listed_names(known: tuple[str, ...], incomplete: str) -> list[CompletionItem[str]]:
    """One more of several names that commas separate."""
    before, comma, begun = incomplete.rpartition(",")
    given = set(re.split(",", before))
    return [CompletionItem(f"{before}{comma}{name}") for name in known if name.startswith(begun) and name not in given]


# Command ------------------------------------------------------------------------------------------------------


@click.command(short_help="Prints what makes a shell complete commands and models.")
@click.argument("shell", type=click.Choice(list(SHELLS)))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Prints what makes SHELL complete commands, options, files and the models in them.

    \b
    Examples:
      eval "$(kerasdiff completion bash)"    # in ~/.bashrc
      eval "$(kerasdiff completion zsh)"     # in ~/.zshrc, after compinit
      kerasdiff completion fish > ~/.config/fish/completions/kerasdiff.fish
    """  # noqa: D301
    program = context.find_root()
    click.echo(SHELLS[shell](program.command, {}, "kerasdiff", VARIABLE).source(), nl=False)
    return 0

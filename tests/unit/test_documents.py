"""What the documents say that a program can check: links lead somewhere, commands and make targets exist."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from fairlane_cli.main import app

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
NAMES = [str(document.relative_to(ROOT)) for document in DOCUMENTS]

LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
SHELL = re.compile(r"^```(?:sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:make|fairlane) [^`]+)`")
#: Stand for something that the reader fills in.
PLACEHOLDERS = ("...", " | ")

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)


@each_document
def test_every_relative_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    for link in LINK.findall(document.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        path, _, heading = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert not heading or heading in _anchors(target), link


def _anchors(document: Path) -> set[str]:
    titles = HEADING.findall(document.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@each_document
def test_every_make_target_exists(document: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in _commands(document, "make"):
        targets = [word for word in command[1:] if "=" not in word and not word.startswith("-")]
        for target in targets:
            assert re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE), command


@each_document
def test_every_fairlane_command_can_be_parsed(document: Path) -> None:
    for words in _commands(document, "fairlane"):
        command, rest = typer.main.get_command(app), words[1:]
        while rest:
            _, rest, _ = command.make_parser(typer.Context(command)).parse_args(rest)
            if not rest or rest[0].isupper():  # `fairlane COMMAND` stands for any
                break
            command, rest = getattr(command, "commands", {})[rest[0]], rest[1:]


def _commands(document: Path, program: str) -> Iterator[list[str]]:
    """Every call of the program in the document, as words."""
    text = document.read_text(encoding="utf-8")
    lines = [line for block in SHELL.findall(text) for line in block.replace("\\\n", " ").splitlines()]
    for line in [*lines, *INLINE.findall(text)]:
        call = line.strip().removeprefix("$ ")
        if call.startswith(f"{program} ") and not any(placeholder in call for placeholder in PLACEHOLDERS):
            yield shlex.split(call.partition(" > ")[0], comments=True)

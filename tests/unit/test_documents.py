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
SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
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
        command = typer.main.get_command(app)
        context = command.make_context("fairlane", words[1:])
        rest = [*context._protected_args, *context.args]
        while rest and hasattr(command, "commands"):
            assert rest[0] in command.commands, words
            command, rest = command.commands[rest[0]], rest[1:]
        command.make_parser(type(context)(command)).parse_args(rest)


def _commands(document: Path, program: str) -> Iterator[list[str]]:
    """Every call of the program in the document, as words."""
    text = document.read_text(encoding="utf-8")
    lines = [line for block in SHELL.findall(text) for line in block.replace("\\\n", " ").splitlines()]
    for line in [*lines, *INLINE.findall(text)]:
        if line.strip().startswith(f"{program} ") and not any(placeholder in line for placeholder in PLACEHOLDERS):
            yield shlex.split(line.partition(" > ")[0], comments=True)

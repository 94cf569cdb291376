"""Measures of one Python module, from its syntax tree: size, structure, cyclomatic complexity."""

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Function = ast.FunctionDef | ast.AsyncFunctionDef
_Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

#: Each of these is a second way through the code. (`and`, `or` and comprehensions: see `_decisions`.)
_BRANCHES = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case, ast.Assert)


@dataclass(frozen=True)
class Measured:
    """One function: its dotted name inside the module, and what was counted in its own body."""

    name: str
    line: int
    lines: int
    complexity: int
    documented: bool

    def as_result(self) -> dict[str, Any]:
        return {"name": self.name, "line": self.line, "lines": self.lines, "complexity": self.complexity}


def module_metrics(source: str) -> dict[str, Any]:
    """Raises SyntaxError where `source` is not Python (of the version that this runs on)."""
    tree = _parsed(source)
    nodes = list(ast.walk(tree))
    functions = list(_measured(tree, prefix=""))
    return {
        **_lines(source),
        "classes": sum(isinstance(node, ast.ClassDef) for node in nodes),
        "imports": sum(isinstance(node, ast.Import | ast.ImportFrom) for node in nodes),
        "functions": len(functions),
        "documented_functions": sum(function.documented for function in functions),
        "complexity": 1 + sum(map(_decisions, nodes)),
        "mean_complexity": _mean([function.complexity for function in functions]),
        "most_complex": _first(sorted(functions, key=lambda function: -function.complexity)),
        "longest": _first(sorted(functions, key=lambda function: -function.lines)),
    }


def _parsed(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # doubtful escapes in strings are the module's own affair
        try:
            return ast.parse(source)
        except SyntaxError as error:
            where = f" (line {error.lineno})" if error.lineno else ""
            raise _syntax_error(f"{error.msg}{where}") from None
        except (RecursionError, MemoryError):
            raise _syntax_error("nested too deeply") from None
        except ValueError as error:
            raise _syntax_error(str(error)) from None


def _syntax_error(message: str) -> SyntaxError:
    # Names its class, as every error of the samples does (contract.SampleError).
    return SyntaxError(f"SyntaxError: {message}")


def _lines(source: str) -> dict[str, int]:
    lines = [line.strip() for line in source.splitlines()]
    blank = lines.count("")
    comments = sum(line.startswith("#") for line in lines)
    return {"lines": len(lines), "code_lines": len(lines) - blank - comments, "comment_lines": comments}


def _measured(scope: ast.AST, *, prefix: str) -> Iterator[Measured]:
    """All functions in `scope`, however deep; what is nested in a function counts for itself alone."""
    pending: list[tuple[ast.AST, str]] = [(scope, prefix)]
    while pending:
        within, dotted = pending.pop()
        for definition in _definitions(within):
            name = f"{dotted}{definition.name}"
            if isinstance(definition, Function):
                yield _measure(definition, name)
            pending.append((definition, f"{name}."))


def _definitions(scope: ast.AST) -> Iterator[_Scope]:
    return (node for node in _own_nodes(scope) if isinstance(node, _Scope))


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """What lies in `scope`, definitions in it included, what lies in those not."""
    pending = list(ast.iter_child_nodes(scope))
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, _Scope):
            pending.extend(ast.iter_child_nodes(node))


def _measure(function: Function, name: str) -> Measured:
    return Measured(
        name=name,
        line=function.lineno,
        lines=(function.end_lineno or function.lineno) - function.lineno + 1,
        complexity=1 + sum(map(_decisions, _own_nodes(function))),
        documented=ast.get_docstring(function, clean=False) is not None,
    )


def _decisions(node: ast.AST) -> int:
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.comprehension):
        return 1 + len(node.ifs)
    return int(isinstance(node, _BRANCHES))


def _mean(numbers: list[int]) -> float | None:
    return round(sum(numbers) / len(numbers), 2) if numbers else None


def _first(functions: list[Measured]) -> dict[str, Any] | None:
    return functions[0].as_result() if functions else None

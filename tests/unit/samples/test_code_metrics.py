import textwrap
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import PayloadError
from demo import code_metrics
from tests.unit.samples.calling import an_event


def metrics(source: str) -> dict[str, Any]:
    return code_metrics(an_event({"path": "a.py", "source": textwrap.dedent(source)}), None)


def complexity(body: str) -> int:
    source = "def f(a, b, c):\n" + textwrap.indent(textwrap.dedent(body).strip(), "    ")
    found: int = metrics(source)["most_complex"]["complexity"]
    return found


def test_lines_are_told_apart() -> None:
    found = metrics("# a comment\n\nimport os\nx = 1  # not counted as comment\n")
    assert (found["lines"], found["code_lines"], found["comment_lines"]) == (4, 2, 1)


def test_what_a_module_consists_of_is_counted() -> None:
    found = metrics(
        '''
        import os
        from a import b

        class C:
            def documented(self):
                """Yes."""

            async def not_documented(self):
                def nested(): ...
        '''
    )
    counted = (found["imports"], found["classes"], found["functions"], found["documented_functions"])
    assert counted == (2, 1, 3, 1)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("pass", 1),
        ("if a:\n    pass", 2),
        ("if a:\n    pass\nelif b:\n    pass\nelse:\n    pass", 3),
        ("for x in a:\n    pass\nwhile b:\n    pass", 3),
        ("try:\n    pass\nexcept OSError:\n    pass\nexcept ValueError:\n    pass\nfinally:\n    pass", 3),
        ("return a and b and c", 3),
        ("return a if b else c", 2),
        ("return [x for x in a if x if b]", 4),
        ("assert a", 2),
        ("with a:\n    pass", 1),
        ("match a:\n    case 1:\n        pass\n    case _:\n        pass", 3),
    ],
)
def test_each_second_way_through_a_function_counts(body: str, expected: int) -> None:
    assert complexity(body) == expected


def test_a_nested_function_counts_for_itself_alone() -> None:
    found = metrics("def outer():\n    def inner(a):\n        if a:\n            pass\n")
    assert found["most_complex"] == {"name": "outer.inner", "line": 2, "lines": 3, "complexity": 2}
    assert found["mean_complexity"] == 1.5


def test_the_longest_function_is_named_with_its_class() -> None:
    found = metrics("def short(): ...\n\nclass C:\n    def long(self):\n        a = 1\n        return a\n")
    assert found["longest"] == {"name": "C.long", "line": 4, "lines": 3, "complexity": 1}


def test_a_module_without_functions_has_none_to_name() -> None:
    found = metrics("x = 1 if y else 2")
    assert (found["most_complex"], found["longest"], found["mean_complexity"]) == (None, None, None)
    assert found["complexity"] == 2


@pytest.mark.parametrize(
    "source", ["what a day", "def f(:", "(" * 5_000, "x = \0", "-" * 100_000 + "1"], ids=lambda source: repr(source[:9])
)
def test_what_is_no_python_raises_a_syntax_error_that_names_its_class(source: str) -> None:
    with pytest.raises(SyntaxError, match=r"^SyntaxError: "):
        metrics(source)


def test_a_doubtful_module_is_measured_without_a_warning() -> None:
    assert metrics(r"x = '\d'")["lines"] == 1


@pytest.mark.parametrize(
    "data", [{}, {"path": "a"}, {"path": 1, "source": ""}, {"path": "a", "source": "x" * 1_000_001}]
)
def test_bad_data_is_refused(data: object) -> None:
    with pytest.raises(PayloadError, match=r"^PayloadError: data\."):
        code_metrics(an_event(data), None)


@given(st.text())
def test_any_text_is_measured_or_a_syntax_error(source: str) -> None:
    try:
        found = metrics(source)
    except SyntaxError:
        return
    assert found["lines"] >= found["code_lines"] >= 0

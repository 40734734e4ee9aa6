"""Names of any kind in a card: what a Markdown parser, and a YAML parser, make of them."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convscope.columns import printable
from convscope.ship.card.markdown import block, bullets, code, quoted, table, text

markdown_it = pytest.importorskip(
    "markdown_it", reason="markdown-it-py, which comes with rich, reads Markdown"
)

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
MARKED = st.text("|`*_<>[]()!#&;~\\-+=1.:$@ \nab/", max_size=16)


def parsed(document: str) -> list[object]:
    tokens: list[object] = (
        markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(document)
    )
    return tokens


def texts(document: str) -> list[str]:
    """What stands in each paragraph, cell or item: its text alone; raises for anything that is more."""
    found = []
    for token in parsed(document):
        assert token.type != "html_block"
        if token.type == "inline":
            kinds = {child.type for child in token.children}
            assert kinds <= {"text", "text_special"}, (document, kinds)
            found.append("".join(child.content for child in token.children))
    return found


def shown(name: str) -> str:
    """A name as a page shows it: control characters spelled out, the spaces around it gone."""
    return printable(name.strip(" ")).strip() or " "


@given(NAMES | MARKED)
@example("a|b")
@example("<script>alert(1)</script>")
@example("1. first")
@example("---")
@example("&copy;")
@example("[x](javascript:y)")
@example("two\n\nparagraphs")
def test_a_name_is_text_in_a_table_and_a_list(name: str) -> None:
    cells = texts(table([("class", "count"), (text(name), "3")]))
    assert cells == ["class", "count", shown(name).strip(), "3"]
    assert texts(bullets([f"{text(name)} is last"])) == [f"{shown(name).strip(' ')} is last".lstrip()]
    assert texts(f"# {text(name)}x")[0] == f"{shown(name)}x".strip()


@given(NAMES | MARKED)
@example("`")
@example("``a`b|c`")
def test_a_name_is_code_in_a_cell(name: str) -> None:
    tokens = parsed(table([("file",), (code(name),)]))
    inline = [token for token in tokens if token.type == "inline"][1]
    if not printable(name).strip():
        return
    [child] = inline.children
    assert (child.type, child.content.strip()) == ("code_inline", printable(name).strip())


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20) | MARKED)
def test_a_block_ends_where_it_ends(content: str) -> None:
    tokens = parsed(f"{block('toml', content)}\n\nafter")
    fences = [token for token in tokens if token.type == "fence"]
    assert len(fences) == 1
    assert [token.content for token in tokens if token.type == "inline"] == ["after"]


@given(NAMES | MARKED)
def test_a_name_is_a_string_of_yaml(name: str) -> None:
    assert json.loads(quoted(name)) == printable(name)
    yaml = pytest.importorskip("yaml", reason="PyYAML reads YAML")
    assert yaml.safe_load(f"- name: {quoted(name)}\n") == [{"name": printable(name)}]

"""Small tables of HTML for notebooks."""

import html
from collections.abc import Iterable


def html_table(caption: str, rows: Iterable[tuple[str, object]]) -> str:
    """Two columns, name and value, under a caption; everything is escaped.

    >>> html_table("run", [("rounds", 3), ("a<b", "x")])[-46:]
    '<th>a&lt;b</th><td>x</td></tr></tbody></table>'
    """
    body = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{html.escape(str(value))}</td></tr>"
        for name, value in rows
    )
    return f"<table><caption>{html.escape(caption)}</caption><tbody>{body}</tbody></table>"

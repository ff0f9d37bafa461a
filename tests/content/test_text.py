"""The visible text of a page."""

from __future__ import annotations

import pytest

from crawl4ai_browser.content.text import to_text
from crawl4ai_browser.document import Document
from crawl4ai_browser.visible_text import hidden_nodes


def text(html: str) -> str:
    document = Document(html, url="https://example.com/")
    return to_text(document, skipped=hidden_nodes(document))


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", ""),
        ("<h1>A  <b>b</b></h1><p>c\n d</p>e", "A b\nc d\ne"),
        ("<p>a<br>b</p><hr><ul><li>c<ul><li>d</ul></ul>", "a\nb\nc\nd"),
        ("<table><tr><th>a<th>b<tr><td>c\td<td>e</table>", "a\tb\nc d\te"),
        ("<table><tr><td><td>b<td></table>", "b"),
        ("<pre>a\n\n  b</pre>c", "a\n\n  b\nc"),
        ("a<script>x</script><style>y</style><template>z</template><noscript>n</noscript>b", "ab"),
        ("a<p hidden>x</p><p style='display:none'>y</p><p>b</p>", "a\nb"),
        ("<button>a</button><button>b</button>", "a\nb"),
        ("<select><option>a<option selected>b</select>", "b"),
        ("a&shy;b", "ab"),
        ("<my-x><template shadowrootmode=open><p>in</p><slot></slot></template>out</my-x>", "in\nout"),
        ("<iframe srcdoc='<p>in'></iframe><iframe>raw</iframe>", "in"),
        ("<svg><text>drawn</text></svg>", ""),
    ],
)
def test_what_a_reader_sees(html: str, expected: str) -> None:
    assert text(html) == expected

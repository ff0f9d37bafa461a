"""Our Markdown beside markdownify's own, with the same options, on the same html."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from markdownify import MarkdownConverter

from crawl4ai_browser.content.markdown import to_markdown
from crawl4ai_browser.document import Document

ARTICLE = """
<article>
  <h1>The title</h1>
  <p>By <a href="https://example.com/author">The <b>Author</b></a>,
     <em>in May</em></p>
  <p>First paragraph with <code>code</code>, a<br>line break, and an image:
     <img src="https://example.com/i.png" alt="Alt" title="Title"></p>
  <h2>A list</h2>
  <ul>
    <li>one</li>
    <li>two
      <ol start="3"><li>three</li><li>four <strong>bold</strong></li></ol>
    </li>
    <li><p>loose</p><p>item</p></li>
  </ul>
  <blockquote>
    <p>Quoted</p>
    <p>twice</p>
  </blockquote>
  <pre><code>def f():
    return 1</code></pre>
  <table>
    <thead><tr><th>A</th><th>B</th></tr></thead>
    <tbody><tr><td>1</td><td><a href="https://example.com/2">2</a></td></tr><tr><td>3</td><td>4</td></tr></tbody>
  </table>
  <dl><dt>Term</dt><dd>Definition</dd><dt>Other</dt><dd><p>One</p><p>Two</p></dd></dl>
  <hr>
  <div><section><p>Last <del>deleted</del> paragraph, 2*3, 10<sup>2</sup></p></section></div>
</article>
"""


def theirs(html: str) -> str:
    converter = MarkdownConverter(heading_style="ATX", bullets="-", sub_symbol="<sub>", sup_symbol="<sup>")
    return str(converter.convert_soup(BeautifulSoup(html, "lxml").body)).strip("\n")


def ours(html: str) -> str:
    return to_markdown(Document(html, url="https://example.com/"))


@pytest.mark.parametrize(
    "html",
    [
        ARTICLE,
        "<p>a</p><p>b</p>",
        "<p> a\n b </p>text<p>c</p>",
        "<h1>a</h1><h2>b <code>c</code></h2><p>d</p>",
        "<h6>a<br>b</h6>",
        "a <b>b</b>, <em>c</em>. <strong>d</strong>",
        "<ul><li>a</li><li>b</li></ul><p>c</p>",
        "<p>x</p>\n<ul>\n<li>a\n<ul>\n<li>b\n</li></ul>\n</li></ul>",
        "<ul><li>a<ol><li>b<ul><li>c</li></ul></li></ol></li></ul>",
        "<ul><li></li><li>a</li></ul>",
        "<ol start=3><li>a<li>b</ol>",
        "<ol><li>a<pre>x\ny</pre></li></ol>",
        "<ol><li>a</li></ol><ul><li>b</li></ul>",
        "<ul><li><p>a</p><p>b</p></li><li>c</li></ul>",
        "<table><tr><th>a</th><th>b</th></tr><tr><td>c</td><td>d</td></tr></table>",
        "<table><tr><td>c</td><td>d</td></tr><tr><td>e</td><td>f</td></tr></table>",
        "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>",
        "<table><tr><td>a<br>b<td>c</tr><tr><td>d<td>e</table>",
        "<blockquote>a<ul><li>b</li></ul></blockquote>",
        "<blockquote><p>a</p><blockquote>b</blockquote></blockquote>c",
        "<pre>a\n\n b\n</pre>",
        "<p><code>a`b</code> <kbd>k</kbd> <samp>s</samp></p>",
        '<p><a href="https://e.org/">t</a> <a href="https://e.org/" title="T">t</a></p>',
        '<a href="https://e.org/x">https://e.org/x</a>',
        '<a href="https://e.org/"><img src="https://e.org/i.png" alt=x></a>',
        '<figure><img src="https://e.org/i.png"><figcaption>c</figcaption></figure>',
        "<dl><dt>a</dt><dd>b</dd></dl>",
        "<p>q <q>a</q> <del>b</del> H<sub>2</sub>O</p>",
        "<div><div>a</div><div>b</div>c</div>",
        "<p>a<br>b</p><hr><p>a&nbsp;b</p>",
    ],
)
def test_ordinary_html_is_as_markdownify_has_it(html: str) -> None:
    assert ours(html) == theirs(html)


@pytest.mark.parametrize(
    ("html", "their_text", "our_text"),
    [
        # Sectioning elements stand on lines of their own; theirs runs them together.
        ("<header>a</header><main>b</main>", "ab", "a\n\nb"),
        # A header row has a line under it after a caption too, else it is no table.
        (
            "<table><caption>C</caption><tr><th>a</th></tr><tr><td>1</td></tr></table>",
            "C\n\n| a |\n| 1 |",
            "C\n\n| a |\n| --- |\n| 1 |",
        ),
        # Every row has all cells, also where one spans rows.
        (
            "<table><tr><td rowspan=2>a<td>b</tr><tr><td>c</tr></table>",
            "|  |  |\n| --- | --- |\n| a | b |\n| c |",
            "|  |  |\n| --- | --- |\n| a | b |\n|  | c |",
        ),
        # A pipe in a cell is escaped, else it ends the cell.
        (
            "<table><tr><th>a|b</th></tr><tr><td>1</td></tr></table>",
            "| a|b |\n| --- |\n| 1 |",
            "| a\\|b |\n| --- |\n| 1 |",
        ),
        # Pictures in cells and headings stay; theirs keeps the description alone.
        ('<h2>a <img src="https://e.org/i.png" alt=x></h2>', "## a x", "## a ![x](https://e.org/i.png)"),
        # An underscore within a word needs no escape in CommonMark.
        ("<p>snake_case _a_</p>", "snake\\_case \\_a\\_", "snake_case \\_a\\_"),
        # Text never becomes html, a list or a heading.
        ("<p>&lt;b&gt; 1 &lt; 2</p>", "<b> 1 < 2", "\\<b> 1 < 2"),
        ("<p># a</p><p>1. b</p><p>- c</p>", "# a\n\n1. b\n\n- c", "\\# a\n\n1\\. b\n\n\\- c"),
        # A block within a link: brackets around blocks are no link in CommonMark.
        ('<a href="https://e.org/"><h3>a</h3></a>', "[### a](https://e.org/)", "### [a](https://e.org/)"),
        (
            '<a href="https://e.org/"><p>a</p><p>b</p></a>',
            "[a\n\nb](https://e.org/)",
            "[a b](https://e.org/)",
        ),
        # A code block has its language, and a fence that its text can't end.
        ('<pre><code class="language-js">a</code></pre>', "```\na\n```", "```js\na\n```"),
        ("<pre>```</pre>", "```\n```\n```", "````\n```\n````"),
        # The line break at the edge of a format is white space too.
        ("a<b>\nb</b>", "a**b**", "a **b**"),
        # Two line breaks in a row end the paragraph; theirs leaves a line of two spaces.
        ("a<br><br>b", "a  \n  \nb", "a\n\nb"),
        # What can't be followed is no link.
        ('<a href="javascript:x()">a</a>', "[a](javascript:x())", "a"),
        # A title that says what the link says adds nothing.
        ('<a href="https://e.org/" title="a">a</a>', '[a](https://e.org/ "a")', "[a](https://e.org/)"),
        # The sign beside a heading that links to it is no part of it.
        ('<h2>a<a href="#a">¶</a></h2>', "## a[¶](#a)", "## a"),
        # Formats side by side.
        ("<b>a</b><b>b</b>", "**a****b**", "**ab**"),
        # Checkboxes of task lists.
        ("<ul><li><input type=checkbox checked> a</li></ul>", "- a", "- [x] a"),
    ],
)
def test_where_ours_differs_it_is_meant(html: str, their_text: str, our_text: str) -> None:
    assert theirs(html) == their_text
    assert ours(html) == our_text

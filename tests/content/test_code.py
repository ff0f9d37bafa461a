"""Code blocks: their text as it was typed, and their language."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborNode

from crawl4ai_browser.content.code import code_language, code_text
from crawl4ai_browser.document import Document


def pre(html: str) -> LexborNode:
    node = Document(html, url="https://example.com/").tree.css_first("pre")
    assert node is not None
    return node


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<pre>a\n\n  b\t c  \n</pre>", "a\n\n  b\t c"),
        ("<pre>\n\n \n  indented first line</pre>", "  indented first line"),
        ("<pre>a\r\nb\rc</pre>", "a\nb\nc"),
        ("<pre>a<br>b<br/>\nc</pre>", "a\nb\n\nc"),
        ("<pre><span>a</span> <b>*</b> &lt;b&gt;</pre>", "a * <b>"),
        ("<pre><div>a</div><div>  b</div></pre>", "a\n  b"),
        ("<pre><code><span class=line>a\n</span><span class=line>b\n</span></code></pre>", "a\nb"),
        ("<pre><span class=lineno>1 </span>a\n<span class=lineno>2 </span>b</pre>", "a\nb"),
        ("<pre>a<button>Copy</button><script>x</script></pre>", "a"),
        ("<pre><table><tr><td class=blob-num>1<td>a</tr><tr><td class=blob-num>2<td>b</tr></table></pre>", "a\nb"),
        ("<pre><ol><li>a</li><li>b</li></ol></pre>", "a\nb"),
        ("<pre> \n </pre>", ""),
    ],
)
def test_text_is_as_typed(html: str, expected: str) -> None:
    assert code_text(pre(html)) == expected


@pytest.mark.parametrize(
    ("html", "language"),
    [
        ('<pre><code class="language-C++">', "c++"),
        ('<pre class="lang-objective-c">', "objective-c"),
        ('<pre class="prettyprint lang-py">', "py"),
        ('<pre><code class="hljs language-bash">', "bash"),
        ('<pre><code class="hljs bash">', "bash"),
        ('<pre><code class="hljs">', ""),
        ('<pre><code class="sourceCode haskell">', "haskell"),
        ('<pre class="brush: js notranslate">', "js"),
        ('<pre data-lang="go">', "go"),
        ('<pre data-language="none"><code class="language-text">', ""),
        ('<div class="highlight-python3 notranslate"><div class="highlight"><pre>', "python3"),
        ('<div class="highlight highlight-source-css"><pre>', "css"),
        ('<div class="language-ruby highlighter-rouge"><div><pre><code>', "ruby"),
        ('<div class="codehilite"><pre>', ""),
        ('<div class="language-js"><div><div><div><pre>', ""),
        ('<pre class="language-">', ""),
        ("<pre>", ""),
        ('<pre data-lang="a b`c">', ""),
    ],
)
def test_language(html: str, language: str) -> None:
    assert code_language(pre(f"{html}x")) == language

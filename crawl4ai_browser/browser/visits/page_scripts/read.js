// Reads the document and its facts. Synchronous, as timers and promises do not run in a page whose scripts are off.
(options) => {
  const openShadowRoots = (root, found) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) { found.push(element.shadowRoot); openShadowRoots(element.shadowRoot, found); }
    }
    return found;
  };

  const attribute = (name, value) => {
    const probe = document.implementation.createHTMLDocument("").createElement("i");
    probe.setAttribute(name, value);
    return probe.outerHTML.slice(3, -5);
  };

  // A same-origin frame's document travels in `srcdoc`. A mark in the live element, there only while it is serialized,
  // finds the place in the text: writing `srcdoc` itself would load the frame anew.
  const FRAME_MARK = "data-frame-html";
  const serialize = (doc, depth) => {
    const element = doc.documentElement;
    if (!element) return "";
    const frames = [];
    if (options.frames && depth < 8) {
      for (const frame of doc.querySelectorAll("iframe, frame")) {
        let inner = null;
        try { inner = frame.contentDocument; } catch { /* another origin */ }
        if (!inner?.documentElement) continue;
        const mark = String(frames.length);
        frames.push([frame, mark, serialize(inner, depth + 1), frame.getAttribute("srcdoc")]);
        frame.setAttribute(FRAME_MARK, mark);
      }
    }
    let text;
    if (options.shadow_roots && doc.contentType === "text/html") {
      const inner = element.getHTML({ serializableShadowRoots: true, shadowRoots: openShadowRoots(doc, []) });
      const shell = element.cloneNode(false).outerHTML;
      const close = shell.lastIndexOf("</");
      text = close < 0 ? shell : shell.slice(0, close) + inner + shell.slice(close);
    } else {
      text = element.outerHTML;
    }
    for (const [frame, mark, html, old] of frames) {
      frame.removeAttribute(FRAME_MARK);
      const marked = ` ${attribute(FRAME_MARK, mark)}`;
      const at = text.indexOf(marked);
      if (at < 0) continue;
      let start = text.lastIndexOf("<", at);
      let head = text.slice(start, at);
      if (old !== null) head = head.replace(` ${attribute("srcdoc", old)}`, () => "");
      text = text.slice(0, start) + head + " " + attribute("srcdoc", html) + text.slice(at + marked.length);
    }
    const type = doc.doctype;
    return (type && doc.contentType === "text/html" ? `<!DOCTYPE ${type.name}>` : "") + text;
  };

  // What lists have shown before stands in the place of what they show now. Only the text has it: what is there is taken out
  // while the text is made, as the page's own script goes on with it.
  const withCollections = (collections) => {
    const removed = [];
    const marks = collections.map(({ css, within }, index) => {
      const mark = document.createComment(` list ${index} ${Math.random()} `);
      const items = [...document.querySelectorAll(css)];
      if (items.length) items[0].before(mark);
      else ((within && document.querySelector(within)) || document.body || document.documentElement).append(mark);
      for (const item of items) {
        removed.push([item, item.parentNode, item.nextSibling]);
        item.remove();
      }
      return mark;
    });
    try {
      const text = serialize(document, 0);
      return collections.reduce((whole, { html }, index) => whole.replace(`<!--${marks[index].data}-->`, () => html), text);
    } finally {
      for (const [item, parent, next] of removed.reverse()) parent.insertBefore(item, next);
      for (const mark of marks) mark.remove();
    }
  };
  const documentText = () => {
    if (options.facts_only) return "";
    return options.collections?.length ? withCollections(options.collections) : serialize(document, 0);
  };

  // Chromium shows XML in a viewer of its own, whose document holds the real one in this element.
  const xmlSource = document.contentType !== "text/html" && document.getElementById("webkit-xml-viewer-source-xml");
  const html = (xmlSource ? xmlSource.innerHTML : documentText()).toWellFormed();

  // Whether what is shown may be made of more than the document and its scripts. The browser keeps 250 entries.
  const loaded = performance.getEntriesByType("resource");
  const tracker = window.__TOKEN__;
  const hasFetched = loaded.length >= 250 || tracker?.pending.size > 0 || tracker?.lastMessage > -Infinity
    || loaded.some(({ initiatorType }) => /^(fetch|xmlhttprequest|iframe|frame|other)$/.test(initiatorType));

  const isTooLarge = html.length > options.max_html_length;
  window.name = ""; // a page that is kept for the next URL carries nothing over
  return {
    html: isTooLarge ? null : html,
    too_large: isTooLarge ? html.length : 0,
    url: location.href,
    base_url: document.baseURI,
    content_type: document.contentType,
    charset: document.characterSet,
    status: performance.getEntriesByType("navigation")[0]?.responseStatus ?? 0,
    has_fetched: hasFetched,
  };
}

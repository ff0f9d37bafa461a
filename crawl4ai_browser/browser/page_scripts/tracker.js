// Runs first in every document of a context. Watches what the page is still waiting for, so that `visit.js` can tell
// when it is quiet: fetch and XHR from their start to the end of their body, inserted scripts and stylesheets, DOM
// changes. Native functions are wrapped by Proxy, so their toString() still says "[native code]".
(() => {
  if (window !== window.top || window.__TOKEN__) return;

  // A request that has finished this often before is polling: it says nothing about being finished.
  const POLLING_AFTER = 2;

  const now = performance.now.bind(performance);
  const state = { pending: new Map(), lastActivity: now(), lastSoftActivity: 0, finished: new Map(), elements: 0 };
  Object.defineProperty(window, "__TOKEN__", { value: state });

  const touch = () => { state.lastActivity = now(); };

  // What is asked is the address without its cache-busting time stamp, and the body: pages of a list and the queries of
  // a GraphQL endpoint are not polling.
  const begin = (url, body) => {
    const asked = String(url).replace(/\d{10,}/g, "") + (typeof body === "string" ? ` ${body.slice(0, 1000)}` : "");
    if ((state.finished.get(asked) ?? 0) >= POLLING_AFTER) return null;
    const ticket = {};
    state.pending.set(ticket, String(url).slice(0, 200));
    touch();
    return () => {
      if (!state.pending.delete(ticket)) return;
      state.finished.set(asked, (state.finished.get(asked) ?? 0) + 1);
      touch();
    };
  };

  const wrap = (owner, name, apply) => {
    const original = owner?.[name];
    if (typeof original !== "function") return;
    try { owner[name] = new Proxy(original, { apply }); } catch { /* frozen by the page's environment: left alone */ }
  };

  const polled = new WeakSet();
  wrap(window, "fetch", (target, self, args) => {
    const input = args[0];
    const end = begin(input instanceof Request ? input.url : input, args[1]?.body);
    const answer = Reflect.apply(target, self, args);
    // The body is usually read in the task that gets the response; its own promise then takes over (see below).
    if (end) answer.then(() => setTimeout(end, 0), end); else answer.then((response) => polled.add(response), () => {});
    return answer;
  });

  for (const reader of ["json", "text", "arrayBuffer", "blob", "formData", "bytes"]) {
    wrap(Response.prototype, reader, (target, self, args) => {
      const answer = Reflect.apply(target, self, args);
      const end = polled.has(self) ? null : begin(`body:${self.url}`, String(now()));
      if (end) answer.then(end, end);
      return answer;
    });
  }

  const addresses = new WeakMap();
  wrap(XMLHttpRequest.prototype, "open", (target, self, args) => {
    addresses.set(self, args[1]);
    return Reflect.apply(target, self, args);
  });
  wrap(XMLHttpRequest.prototype, "send", (target, self, args) => {
    const end = begin(addresses.get(self) ?? "", args[0]);
    if (end) self.addEventListener("loadend", end, { once: true });
    try {
      return Reflect.apply(target, self, args);
    } catch (error) {
      end?.();
      throw error;
    }
  });

  const LOADS = "script[src], link[rel~=stylesheet][href], link[rel~=modulepreload][href]";
  const follow = (element) => {
    const end = begin(element.src || element.href, String(now()));
    element.addEventListener("load", end, { once: true });
    element.addEventListener("error", end, { once: true });
  };

  new MutationObserver((records) => {
    let structural = false;
    for (const record of records) {
      for (const node of record.addedNodes) {
        if (node.nodeType !== Node.ELEMENT_NODE) continue;
        structural = true;
        // While parsing, the parser's own loads are covered by readyState.
        if (document.readyState === "complete" && node.matches(LOADS)) follow(node);
      }
      for (const node of record.removedNodes) structural ||= node.nodeType === Node.ELEMENT_NODE;
    }
    if (structural) touch(); else state.lastSoftActivity = now();
  }).observe(document, { childList: true, characterData: true, subtree: true });
})();

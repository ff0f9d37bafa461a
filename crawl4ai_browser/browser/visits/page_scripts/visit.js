// One round trip: wait until the page is ready, then hand back what is read. Evaluated in the page's main world with
// the tracker's name, `read.js` and the predicate's source filled in. Everything that may fail is an answer, never an exception,
// except that a navigation destroys the context, which the caller expects.
async (options) => {
  const read = /*READ*/ null;
  const tracker = window.__TOKEN__ ?? { pending: new Map(), lastActivity: 0, lastSoftActivity: 0, wantsFrame: () => false };
  const now = performance.now.bind(performance);
  const started = now();
  const homeTime = started + (options.time_left ?? Infinity); // by then the page is read as it stands
  const after = tracker.after ?? setTimeout;
  const pause = (milliseconds) => new Promise((resolve) => after(resolve, milliseconds));
  const event = (target, name) => new Promise((resolve) => target.addEventListener(name, resolve, { once: true }));

  // Changes of text alone (clocks, counters) hold quiet off for this long at most.
  const SOFT_ACTIVITY_LIMIT = 1000;
  // A page that shows no text yet but has scripts is given this much more stillness: a shell about to be filled.
  const EMPTY_PAGE_STILLNESS = 500;
  // A page that is being told something over a WebSocket is told more in pieces; this long after the last it is still.
  const SOCKET_STILLNESS = 400;
  // A meta refresh that is due within this time is waited for; later ones are for people who sit and watch.
  const META_REFRESH_LIMIT = 5000;
  // No check is more often than this.
  const POLL_INTERVAL = 25;

  const metaRefreshDue = () => {
    for (const meta of document.querySelectorAll("meta[http-equiv=refresh i]")) {
      const match = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*[;,]\s*(?:url\s*=\s*)?["']?([^"']+)/i.exec(meta.content);
      if (!match) continue;
      const due = parseFloat(match[1]) * 1000;
      let target;
      try { target = new URL(match[2], document.baseURI).href; } catch { continue; }
      if (due <= META_REFRESH_LIMIT && target.split("#")[0] !== location.href.split("#")[0]) return due + 1500;
    }
    return 0;
  };

  const showsText = () => {
    const walker = document.createTreeWalker(document.body ?? document, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, {
      acceptNode: (node) => {
        if (node.nodeType === Node.TEXT_NODE) return node.data.trim() ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP;
        if (/^(SCRIPT|STYLE|TEMPLATE|NOSCRIPT)$/i.test(node.nodeName)) return NodeFilter.FILTER_REJECT;
        return node.shadowRoot ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP;
      },
    });
    return walker.nextNode() !== null;
  };

  // Same-origin frames are part of the page: it may be read with them, and may wait for them itself.
  const framesAreStill = (doc) => [...doc.querySelectorAll("iframe, frame")].every((frame) => {
    let inner = null;
    try { inner = frame.contentDocument; } catch { /* another origin */ }
    if (!inner) return true;
    const isAwaited = /^https?:/.test(frame.src) && frame.loading !== "lazy" && !tracker.isEmptied?.(frame);
    if (inner.readyState !== "complete" || (isAwaited && inner.URL === "about:blank")) return false;
    const watch = frame.contentWindow.__TOKEN__;
    return (!watch || (watch.pending.size === 0 && watch.stillFor() >= options.stillness)) && framesAreStill(inner);
  });

  const settled = () => {
    const refresh = metaRefreshDue();
    return async () => {
      const time = now();
      const parsed = performance.getEntriesByType("navigation")[0]?.domContentLoadedEventEnd || started;
      const soft = Math.min(tracker.lastSoftActivity, tracker.lastActivity + SOFT_ACTIVITY_LIMIT);
      const from = options.from_now ? tracker.waitingSince : 0;
      const still = time - Math.max(tracker.lastActivity, soft, parsed, from);
      if (refresh && time - started < refresh) return false;
      if (tracker.pending.size || tracker.wantsFrame()) return false;
      if (!framesAreStill(document)) return false;
      if (still < options.stillness) return false;
      if (time - tracker.lastMessage < SOCKET_STILLNESS) return false;
      if (still < EMPTY_PAGE_STILLNESS && document.scripts.length && !showsText()) return false;
      return true;
    };
  };

  const isVisible = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;
  const selected = () => {
    const element = document.querySelector(options.css);
    if (options.state === "absent") return !element;
    return !!element && (options.state === "attached" || isVisible(element));
  };

  // A page that needs a frame which only the caller can make is left, given one, and asked again; the limit runs on. What
  // is waited for later in the same document has a limit of its own.
  const NEEDS_FRAME = Symbol("frame");
  const FREE_FRAMES = 10; // further ones come at this interval
  const FRAME_INTERVAL = 50;
  const until = async (check, limit) => {
    tracker.waitingSince ??= now();
    const end = Math.min(tracker.waitingSince + limit, homeTime);
    for (;;) {
      if (await check()) { tracker.waitingSince = null; return true; }
      const left = end - now();
      const mayHaveFrame = tracker.frames < FREE_FRAMES || now() - tracker.lastFrame >= FRAME_INTERVAL;
      if (left > 0 && options.frames_on_demand && mayHaveFrame && tracker.wantsFrame()) return NEEDS_FRAME;
      if (left <= 0) { tracker.waitingSince = null; return false; }
      await pause(Math.min(POLL_INTERVAL, left));
    }
  };

  const predicate = async () => {
    const value = /*PREDICATE*/ null;
    return typeof value === "function" ? await value() : await value;
  };

  const becomeReady = async () => {
    switch (options.kind) {
      case "quiet": return until(settled(), options.limit);
      case "selector": return until(selected, options.limit);
      case "predicate": return until(predicate, options.limit);
      case "load": return until(() => document.readyState === "complete", options.limit);
      case "delay": return (await until(() => false, options.limit)) || true;
      default: return true;
    }
  };

  const answer = {
    wants_frame: false, met: false, error: null, detail: "", parsed: false, ready_seconds: 0, read_seconds: 0,
  };
  // "interactive" is not enough: deferred and module scripts run after it, and before DOMContentLoaded.
  const navigation = performance.getEntriesByType("navigation")[0];
  // And a script that writes the document anew, for ever perhaps, takes "loading" back without another such event.
  const isParsed = () => document.readyState === "complete" || navigation?.domContentLoadedEventEnd > 0;
  const parsingEnds = Math.min(started + options.navigation_limit, homeTime);
  tracker.maxLength = options.max_html_length;
  while (!isParsed() && now() < parsingEnds && !tracker.excess) {
    await Promise.race([event(document, "DOMContentLoaded"), pause(POLL_INTERVAL), tracker.exceeded]);
  }
  if (tracker.excess) {
    return { ...answer, ...read({ ...options, facts_only: true }), html: null, too_large: tracker.excess, under_way: null };
  }
  answer.parsed = document.readyState !== "loading" || navigation?.domContentLoadedEventEnd > 0;
  const parsedAt = navigation?.domContentLoadedEventEnd || started;
  if (answer.parsed) {
    try {
      const outcome = await becomeReady();
      if (outcome === NEEDS_FRAME) return { ...answer, wants_frame: true };
      answer.met = outcome;
      if (!answer.met) answer.detail = [...new Set(tracker.pending.values())].slice(0, 5).join(" ");
    } catch (error) {
      answer.error = `${error?.name ?? "Error"}: ${error?.message ?? error}`;
    }
  }
  const reading = now();
  answer.ready_seconds = Math.max(0, reading - Math.max(parsedAt, 0)) / 1000;
  Object.assign(answer, read(options));
  answer.under_way = tracker.underWay?.() ?? null;
  answer.read_seconds = (now() - reading) / 1000;
  return answer;
}

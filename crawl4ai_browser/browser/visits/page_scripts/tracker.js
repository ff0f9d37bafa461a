// Runs first in every document of a context. Watches what the page is still waiting for, so that `visit.js` can tell
// when it is quiet: fetch and XHR from their start to the end of their body, inserted scripts and stylesheets, DOM
// changes. Native functions are wrapped by Proxy, so their toString() still says "[native code]".
(() => {
  try {
    if (window.__TOKEN__ || !window.top.document) return;
  } catch {
    return; // a frame of another origin: nobody here can ask it anything
  }

  // A request that has finished this often before is polling: it says nothing about being finished.
  const POLLING_AFTER = 2;
  const MAX_SOCKET_WAITS = 10;

  const now = performance.now.bind(performance);
  const after = window.setTimeout.bind(window); // a page may put a clock of its own in its place
  const state = { pending: new Map(), lastActivity: now(), lastSoftActivity: 0, finished: new Map(), waitingSince: null,
    lastMessage: -Infinity, socketWaits: 0 };
  Object.defineProperty(window, "__TOKEN__", { value: state });
  state.after = after;
  state.stillFor = () => now() - state.lastActivity;

  const touch = () => { state.lastActivity = now(); state.framesAtActivity = state.frames; };

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

  // Frames. Where the browser makes them on demand only, a page that has asked for one says so here, and so does one whose
  // observers tell of the layout: they are called after a frame.
  const FRAMES_AFTER_CHANGE = 3; // a callback that changes the page may ask for the next one
  const requestFrame = window.requestAnimationFrame.bind(window);
  Object.assign(state, { frames: 0, framesAtActivity: 0, lastFrame: 0, observing: false });
  const callbacks = new Set();
  let counting = false;
  const isAnimating = () => document.getAnimations().some((animation) => {
    const end = animation.effect?.getComputedTiming().endTime;
    return animation.playState === "running" && end <= 3000 && animation.currentTime < end;
  });
  state.wantsFrame = () => {
    const wanted = (callbacks.size || state.observing) && state.frames - state.framesAtActivity < FRAMES_AFTER_CHANGE;
    if (!wanted && !isAnimating()) return false;
    if (!counting) {
      counting = true;
      requestFrame(() => { counting = false; state.frames += 1; state.lastFrame = now(); });
    }
    return true;
  };
  wrap(window, "requestAnimationFrame", (target, self, args) => {
    const callback = args[0];
    if (typeof callback !== "function") return Reflect.apply(target, self, args);
    const id = Reflect.apply(target, self, [function (time) { callbacks.delete(id); return callback.call(this, time); }]);
    callbacks.add(id);
    return id;
  });
  wrap(window, "cancelAnimationFrame", (target, self, args) => {
    callbacks.delete(args[0]);
    return Reflect.apply(target, self, args);
  });
  for (const observer of [window.IntersectionObserver, window.ResizeObserver]) {
    wrap(observer?.prototype, "observe", (target, self, args) => {
      state.observing = true;
      return Reflect.apply(target, self, args);
    });
  }

  // What the page asks the browser for that shows only when the answer begins: files, another document, windows. In a
  // page that is quiet meanwhile, nothing else tells of them (HTML Standard, 7.2.6: the navigate event).
  const MAX_ASKED = 50;
  const asked = { files: [], leaving: null, windows: 0 };
  let isLeaving = false;
  window.navigation?.addEventListener("navigate", (event) => {
    const { url, sameDocument } = event.destination;
    if (sameDocument || !/^(https?|blob|data):/.test(url)) return;
    if (event.downloadRequest === null) { asked.leaving = url; isLeaving = true; }
    else if (asked.files.length < MAX_ASKED) asked.files.push(url.slice(0, 8192));
  });
  // A navigation that a router takes over, or that is stopped, ends with one of these; one that leaves ends the document.
  for (const name of ["navigatesuccess", "navigateerror"]) {
    window.navigation?.addEventListener(name, () => { asked.leaving = null; isLeaving = false; });
  }
  const OWN = /^_(self|parent|top)$/i;
  wrap(window, "open", (target, self, args) => {
    if (args[0] && !OWN.test(args[1] ?? "")) asked.windows += 1;
    return Reflect.apply(target, self, args);
  });
  window.addEventListener("click", (event) => {
    const link = event.composedPath().find((node) => node.nodeName === "A" && node.href);
    if (link?.target && !OWN.test(link.target) && !link.hasAttribute("download") && !event.defaultPrevented) asked.windows += 1;
  });
  const isHidden = (frame) => {
    const box = frame.getBoundingClientRect();
    return box.width <= 2 || box.height <= 2 || !frame.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  };
  const showsNothing = (frame) => {
    try { return frame.contentDocument?.URL === "about:blank"; } catch { return false; /* another origin: it is there */ }
  };
  // Addresses that turned out to be no document: a frame that was sent there stays as it is. The caller knows them.
  const emptied = new Set();
  state.isEmptied = (frame) => emptied.has(frame.src.split("#")[0]);
  state.empty = (urls) => { for (const url of urls) emptied.add(url); };
  const isAwaited = (frame) =>
    /^https?:/.test(frame.src) && !state.isEmptied(frame) && showsNothing(frame) && isHidden(frame);
  // Told once: a page may be read again and again, and a file that has come leaves no trace in it.
  state.underWay = () => {
    const frames = [...document.querySelectorAll("iframe[src]:not([loading=lazy])")].filter(isAwaited);
    const told = { ...asked, frames: frames.slice(0, MAX_ASKED).map((frame) => frame.src) };
    Object.assign(asked, { files: [], leaving: null, windows: 0 });
    return told;
  };
  state.isLeaving = () => isLeaving;
  // For a visit that begins in a page that is there already: what was asked for before is not its own.
  state.forgetAsked = () => Object.assign(asked, { files: [], leaving: null, windows: 0 });

  const polled = new WeakSet();
  wrap(window, "fetch", (target, self, args) => {
    const input = args[0];
    const end = begin(input instanceof Request ? input.url : input, args[1]?.body);
    const answer = Reflect.apply(target, self, args);
    // The body is usually read in the task that gets the response; its own promise then takes over (see below).
    if (end) answer.then(() => after(end, 0), end); else answer.then((response) => polled.add(response), () => {});
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

  // Pages that are filled over a WebSocket: connecting, and an answer to what was sent, are waited for, each for a while.
  const SOCKET_ANSWER = 2000;
  const withLimit = (end, limit) => { if (end) after(end, limit); return end ?? (() => {}); };
  if (window.WebSocket) {
    const waiting = new WeakMap();
    const answered = (socket) => { waiting.get(socket)?.(); waiting.delete(socket); };
    try {
      window.WebSocket = new Proxy(window.WebSocket, {
        construct(target, args, newTarget) {
          const socket = Reflect.construct(target, args, newTarget);
          const end = withLimit(begin(args[0], String(now())), SOCKET_ANSWER);
          for (const name of ["open", "error", "close"]) socket.addEventListener(name, end);
          for (const name of ["error", "close"]) socket.addEventListener(name, () => answered(socket));
          socket.addEventListener("message", () => { answered(socket); state.lastMessage = now(); });
          return socket;
        },
      });
    } catch { /* frozen by the page's environment: left alone */ }
    wrap(WebSocket.prototype, "send", (target, self, args) => {
      // A socket that chatters for ever is no reason to wait: only what is sent while nothing is owed counts.
      if (!waiting.has(self) && state.socketWaits < MAX_SOCKET_WAITS) {
        state.socketWaits += 1;
        waiting.set(self, withLimit(begin(self.url, String(now())), SOCKET_ANSWER));
      }
      return Reflect.apply(target, self, args);
    });
  }

  // Scripts that no element names (`import()`) show when they have come.
  new PerformanceObserver((list) => {
    if (list.getEntries().some((entry) => /^(script|link|other)$/.test(entry.initiatorType))) touch();
  }).observe({ type: "resource" });

  const LOADS = "script[src], link[rel~=stylesheet][href], link[rel~=modulepreload][href]";
  const follow = (element) => {
    const end = begin(element.src || element.href, String(now()));
    element.addEventListener("load", end, { once: true });
    element.addEventListener("error", end, { once: true });
  };

  // A document without an end would fill the memory long before the visit's deadline. It is measured as it arrives, here
  // and not by a timer, as a busy parser lets none run: its text, and for each element less than any takes.
  const MEASURE_INTERVAL = 500;
  const ELEMENT_LENGTH = 4;
  let lastMeasured = now();
  let tellExcess;
  Object.assign(state, { maxLength: Infinity, excess: 0, exceeded: new Promise((resolve) => { tellExcess = resolve; }) });
  const measure = () => {
    if (document.readyState !== "loading" || now() - lastMeasured < MEASURE_INTERVAL) return;
    const elements = document.getElementsByTagName("*").length;
    const length = elements * ELEMENT_LENGTH + (document.documentElement?.textContent.length ?? 0);
    lastMeasured = now();
    if (length <= state.maxLength) return;
    state.excess = length;
    tellExcess();
  };

  new MutationObserver((records) => {
    measure();
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

// Runs in each document and worker of a crawl that is recorded or replayed, before its own scripts: time begins at the
// moment of the recording, and chance is the same each time. Time goes on as timers come due: by what they were set to and not by what
// passed, so that a script that compares times goes the same way in every replay, and one that waits for time to pass is
// not waiting for ever.
(function fixTime(START) {
  if (globalThis.__crawl4aiPageTime) return;
  Object.defineProperty(globalThis, "__crawl4aiPageTime", { value: true });
  const SOURCE = `(${fixTime})(${START});`;
  const LOOP_CALLS = 1000; // questions for the time without a timer between: a loop that waits is helped on by 1 ms
  const FRAME = 16;

  let elapsed = 0;
  let calls = 0;
  const now = () => {
    calls += 1;
    if (calls % LOOP_CALLS === 0) elapsed += 1;
    return START + Math.floor(elapsed);
  };
  const reach = (due) => { if (due > elapsed) { elapsed = due; calls = 0; } };

  const RealDate = Date;
  const FixedDate = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length ? args : [now()], newTarget === FixedDate ? target : newTarget),
    apply: () => new RealDate(now()).toString(),
    get: (target, key) => (key === "now" ? now : Reflect.get(target, key)),
  });
  RealDate.prototype.constructor = FixedDate;
  globalThis.Date = FixedDate;
  Object.defineProperty(Performance.prototype, "timeOrigin", { get: () => START, configurable: true });

  for (const name of ["setTimeout", "setInterval"]) {
    globalThis[name] = new Proxy(globalThis[name], {
      apply(target, self, [callback, delay, ...given]) {
        if (typeof callback !== "function") return Reflect.apply(target, self, [callback, delay, ...given]);
        const step = Math.max(0, Number(delay) || 0);
        let due = elapsed + step;
        const due_now = function (...args) {
          reach(due);
          due += Math.max(step, 1); // of an interval
          return callback.apply(this, args);
        };
        return Reflect.apply(target, self, [due_now, delay, ...given]);
      },
    });
  }
  let lastFrame = -1;
  if (globalThis.requestAnimationFrame) { // which a shared worker goes without
    globalThis.requestAnimationFrame = new Proxy(globalThis.requestAnimationFrame, {
      apply: (target, self, [callback]) => Reflect.apply(target, self, [function (time) {
        if (time !== lastFrame) reach(elapsed + FRAME);
        lastFrame = time;
        return callback.call(this, time);
      }]),
    });
  }

  // mulberry32, begun anew in each document and worker, from its address; that of a blob ends in what the browser drew.
  const address = location.href.replace(/^(blob:.*\/).*/, "$1");
  let state = [...address].reduce((sum, letter) => (Math.imul(sum, 31) + letter.codePointAt(0)) | 0, START | 0);
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  Math.random = () => next() / 4294967296;
  Crypto.prototype.getRandomValues = function getRandomValues(array) {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    for (let index = 0; index < bytes.length; index += 1) bytes[index] = next() & 255;
    return array;
  };
  if (Crypto.prototype.randomUUID) {
    Crypto.prototype.randomUUID = function randomUUID() {
      const bytes = this.getRandomValues(new Uint8Array(16));
      bytes[6] = (bytes[6] & 15) | 64;
      bytes[8] = (bytes[8] & 63) | 128;
      const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
    };
  }

  // Scripts of workers that come by network begin with this one when they come; those that a page has made begin with it
  // here. The directive stays the first of them.
  const STRICT = /^(?:\s|\/\/.*|\/\*[^]*?\*\/)*(["'])use strict\1/;
  const begun = (url) => {
    if (!String(url).startsWith("blob:")) return url;
    const asked = new XMLHttpRequest();
    try {
      asked.open("GET", url, false);
      asked.send();
    } catch {
      return url; // the page's own policy forbids it, or there is no such blob
    }
    const text = asked.responseText;
    return URL.createObjectURL(new Blob([STRICT.test(text) ? '"use strict";' : "", SOURCE, text], { type: "text/javascript" }));
  };
  for (const name of ["Worker", "SharedWorker"]) {
    if (!globalThis[name]) continue;
    const FixedWorker = new Proxy(globalThis[name], {
      construct: (target, [url, ...rest], newTarget) =>
        Reflect.construct(target, [begun(url), ...rest], newTarget === FixedWorker ? target : newTarget),
    });
    globalThis[name] = FixedWorker;
  }
})(__START__);

// Moves through a list and hands back what it shows then, in one round trip: where it stands, the keys of its items, and
// the html of those that have not been handed back before in the same form.
async (options) => {
  const tracker = window.__TOKEN__ ?? { pending: new Map(), lastActivity: 0, lastSoftActivity: 0 };
  const now = performance.now.bind(performance);
  const after = tracker.after ?? setTimeout;
  const pause = (milliseconds) => new Promise((resolve) => after(resolve, milliseconds));

  // Scrolling is followed by frames, in which the list draws itself, and by requests; texts that change all the time
  // (clocks) are waited for a little, elements that do a little longer. A frame takes milliseconds, on a machine that has
  // much else to do a second; what goes on without it passes by rows that were to be filled when they are seen.
  const FRAME_LIMIT = 5000;
  const STILLNESS = 40;
  const TEXT_LIMIT = 250;
  const ELEMENT_LIMIT = 1500;
  const REQUEST_LIMIT = 5000;
  // Of what is in view, the most that is gone on by. The rest, and at least one item, is seen twice, so that nothing falls
  // between two views.
  const MAX_STEP = 0.9;
  const MIN_STEP = 0.3;

  const page = document.scrollingElement ?? document.documentElement;
  const items = () => (options.css ? [...document.querySelectorAll(options.css)] : []);
  const viewOf = (element) => (element === page ? window.innerHeight : element.clientHeight);
  const canScroll = (element) => element.scrollHeight > viewOf(element) + 1
    && (element === page || /auto|scroll|overlay/.test(getComputedStyle(element).overflowY));
  // The body's own overflow is the page's, unless the root element has one too (CSS Overflow 3, 3.4).
  const isPage = (element) => element === page || element === document.documentElement
    || (element === document.body && getComputedStyle(document.documentElement).overflowY === "visible");

  const largest = () => {
    const area = (element) => element.clientWidth * element.clientHeight;
    const inner = [...document.body.querySelectorAll("*")].filter((element) => !isPage(element) && canScroll(element));
    return inner.reduce((best, element) => (area(element) > area(best) ? element : best), inner[0] ?? page);
  };
  const findScroller = () => {
    if (options.within) return document.querySelector(options.within);
    const first = items()[0];
    if (!first) return canScroll(page) || options.css ? page : largest();
    for (let element = first.parentElement; element; element = element.parentElement) {
      if (!isPage(element) && canScroll(element)) return element;
    }
    return page;
  };

  const scroller = findScroller();
  if (!scroller) return null;

  const frame = () => Promise.race([new Promise((resolve) => requestAnimationFrame(resolve)), pause(FRAME_LIMIT)]);
  const becomeStill = async () => {
    const started = now();
    await frame();
    await frame();
    for (;;) {
      const passed = now() - started;
      const isMoving = passed < ELEMENT_LIMIT && now() - tracker.lastActivity < STILLNESS;
      const isWriting = passed < TEXT_LIMIT && now() - tracker.lastSoftActivity < STILLNESS;
      if (!(tracker.pending.size && passed < REQUEST_LIMIT) && !isMoving && !isWriting) return;
      await pause(10);
    }
  };

  const before = scroller.scrollTop;
  const view = viewOf(scroller);
  const tallest = Math.max(0, ...items().map((item) => item.getBoundingClientRect().height));
  const step = Math.max(view * MIN_STEP, Math.min(view * MAX_STEP, view - tallest - 1));
  if (options.move !== "stay") {
    const top = { start: 0, next: before + step, to: options.top }[options.move];
    scroller.scrollTo({ top, behavior: "instant" });
    await becomeStill();
  }

  // --- the items

  const hash = (text) => { // cyrb53: 53 bits, for which ten thousand items meet by chance once in 10^8 lists
    let high = 0xdeadbeef, low = 0x41c6ce57;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      high = Math.imul(high ^ code, 2654435761);
      low = Math.imul(low ^ code, 1597334677);
    }
    high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
    low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
    return (4294967296 * (2097151 & low) + (high >>> 0)).toString(36);
  };

  const attributeKey = (item) => {
    const at = options.key.lastIndexOf("@");
    const css = options.key.slice(0, at);
    return (css ? item.querySelector(css) : item)?.getAttribute(options.key.slice(at + 1)) ?? null;
  };

  // Where an item lies and whether it is chosen says nothing about what it is: lists write that on their items' elements.
  const PASSING = ["style", "class", "tabindex", "aria-selected", "aria-setsize"];
  const contentKey = (item) => {
    const own = [...item.attributes].filter(({ name }) => !PASSING.includes(name)).map(({ name, value }) => `${name}=${value}`);
    return hash(`${item.localName} ${own.join(" ")} ${item.innerHTML}`);
  };

  const POSITIONS = ["aria-posinset", "aria-rowindex", "data-index", "data-item-index", "data-row-index"];
  const keysOf = (shown) => {
    // In a list with pages a position means another item on each of them.
    const position = options.key || options.has_pages
      ? undefined
      : POSITIONS.find((name) => new Set(shown.map((item) => item.getAttribute(name)).filter(Boolean)).size === shown.length);
    const seen = new Map();
    return shown.map((item) => {
      const told = options.key ? attributeKey(item) : position && item.getAttribute(position);
      if (told !== null && told !== undefined) return `told ${told}`;
      const key = contentKey(item);
      seen.set(key, (seen.get(key) ?? 0) + 1);
      return `${key} ${seen.get(key)}`; // equal ones that are shown together are several
    });
  };

  // A list that uses its nodes again has them in any order; one in columns begins anew at the top further right.
  const inOrder = (shown) => {
    const boxes = new Map(shown.map((item) => [item, item.getBoundingClientRect()]));
    const isBack = (item, index) => {
      const [one, other] = [boxes.get(shown[index - 1]), boxes.get(item)];
      return index > 0 && other.top < one.top - 1 && other.left <= one.left + 1;
    };
    if (!shown.some(isBack)) return shown;
    return [...shown].sort((a, b) => boxes.get(a).top - boxes.get(b).top || boxes.get(a).left - boxes.get(b).left);
  };

  const name = `${options.css} ${options.key}`;
  const lists = (tracker.lists ??= new Map());
  if (!lists.has(name)) lists.set(name, { given: new Map(), last: [] });
  const list = lists.get(name);
  if (options.forget) for (const key of list.last) list.given.delete(key);

  const shown = inOrder(items());
  const keys = keysOf(shown);
  const found = [];
  list.last = [];
  keys.forEach((key, index) => {
    const html = shown[index].outerHTML.toWellFormed();
    const form = hash(html);
    if (list.given.get(key) === form) return;
    list.given.set(key, form);
    list.last.push(key);
    found.push([key.toWellFormed(), html]);
  });
  const top = scroller.scrollTop;
  return {
    found,
    keys: keys.map((key) => key.toWellFormed()),
    top,
    step,
    moved: Math.abs(top - before) >= 1,
    at_end: top + viewOf(scroller) >= scroller.scrollHeight - 2,
    height: scroller.scrollHeight,
  };
}

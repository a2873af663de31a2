// The picture of a page: frames over it, larger and smaller, moved about, and a box drawn around what was not read.

import { element, rectangle, setAll, shape } from "./elements.js";
import { percent, say } from "./words.js";

const WIDE = 3.2; // a page this many times as wide as high has its text below, not beside
const NARROW = "(max-width: 48rem)"; // as in page.css
const STEP = 1.4;
const MOST = 8;
const LEAST_DRAG_PX = 5; // less is a click
const LEAST_BOX = 6; // pixels of the page: less holds no letter

export const isWide = (page) => page.width > WIDE * page.height;

// `parts` are {overlay, place}; gives the figure, with `showBox(box)`, which brings a box of the page into view.
export function pictureView(doc, page, { overlay, place, alt }, actions) {
  const blank = () => shape("svg", { viewBox: `0 0 ${page.width} ${page.height}`, class: "blank", "aria-hidden": "true" });
  const image = element("img", { alt, width: page.width, height: page.height, draggable: false });
  const waiting = blank();
  const frame = element("div", { className: "picture" }, waiting, overlay);
  // on a phone a line is shown larger than it fits, and moved sideways, beginning at its right end
  const strip = element("div", { className: "strip", dir: "rtl", tabIndex: 0, ariaLabel: say("pictureMoves", { name: alt }) }, frame);
  strip.setAttribute("role", "group");
  strip.style.setProperty("--ratio", page.width / page.height);
  const fail = () => {
    frame.classList.add("not-shown");
    if (image.isConnected) image.replaceWith(blank());
    strip.after(element("p", { className: "small" }, say("notShown")));
  };
  actions.picture(doc, page).then((address) => {
    image.addEventListener("error", fail);
    image.src = address;
    waiting.replaceWith(image);
  }, fail);

  const bar = element("div", { className: "zoom" });
  bar.setAttribute("role", "group");
  bar.ariaLabel = say("zoomOf");
  const zoomed = zoom(strip, frame, page);
  const button = (key, sign, act) => element("button", { type: "button", ariaLabel: say(key), title: say(key), onclick: act }, sign);
  const draw = element("button", { type: "button", className: "draw", ariaPressed: "false" }, say("readArea"));
  draw.addEventListener("click", () => setDrawing(draw.ariaPressed !== "true"));
  bar.append(button("zoomOut", "−", () => zoomed.by(1 / STEP)), button("zoomFit", say("zoomFit"), () => zoomed.to(1)), button("zoomIn", "+", () => zoomed.by(STEP)), draw);

  const setDrawing = (on) => {
    draw.ariaPressed = String(on);
    strip.classList.toggle("drawing", on);
    if (on) place.textContent = say("drawHint");
  };
  drawing(strip, overlay, page, (box) => {
    setDrawing(false);
    actions.readBox(doc, page, box);
  });

  const figure = element("figure", {}, bar, strip, place);
  if (page.unread.length) figure.append(unreadView(doc, page, overlay, place, actions));
  if (page.source === "text_layer") figure.append(element("p", { className: "small" }, say("fromPdfText")));
  else if (page.hasTextLayer) figure.append(element("p", { className: "small" }, say("hasPdfText")));
  figure.showBox = (box) => {
    if (strip.scrollHeight <= strip.clientHeight + 1 && strip.scrollWidth <= strip.clientWidth + 1) return;
    const scale = frame.clientWidth / page.width;
    strip.scrollTop = ((box.top + box.bottom) / 2) * scale - strip.clientHeight / 2;
    const isLong = (box.right - box.left) * scale > strip.clientWidth;
    const end = isLong ? box.right * scale - strip.clientWidth + 8 : ((box.left + box.right) / 2) * scale - strip.clientWidth / 2;
    strip.scrollLeft = end - (frame.clientWidth - strip.clientWidth); // from the right end, where 0 is
  };
  return figure;
}

// The page keeps how much it is enlarged, should its picture be shown anew.
function zoom(strip, frame, page) {
  const set = (factor) => {
    page.zoom = factor;
    strip.style.setProperty("--zoom", factor);
    strip.classList.toggle("zoomed", factor > 1);
  };
  set(page.zoom ?? 1);
  const to = (wanted, at = null) => {
    const before = page.zoom;
    const factor = Math.min(MOST, Math.max(1, wanted));
    const { left, top } = strip.getBoundingClientRect();
    const [x, y] = at ? [at.clientX - left, at.clientY - top] : [strip.clientWidth / 2, strip.clientHeight / 2];
    const [right, down] = [frame.clientWidth + strip.scrollLeft - x, strip.scrollTop + y];
    set(factor);
    const grown = factor / before;
    strip.scrollLeft = right * grown - (frame.clientWidth - x);
    strip.scrollTop = down * grown - y;
  };
  const by = (times, at) => to(page.zoom * times, at);
  strip.addEventListener("keydown", (event) => {
    if (event.target !== strip || event.ctrlKey || event.metaKey) return;
    const act = { "+": () => by(STEP), "=": () => by(STEP), "-": () => by(1 / STEP), 0: () => to(1) }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  strip.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      by(event.deltaY < 0 ? STEP ** 0.5 : STEP ** -0.5, event);
    },
    { passive: false },
  );
  pan(strip);
  return { to, by };
}

// With a mouse the picture is dragged; a finger scrolls it anyway.
function pan(strip) {
  let from = null;
  strip.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button || strip.classList.contains("drawing")) return;
    from = { x: event.clientX, y: event.clientY, left: strip.scrollLeft, top: strip.scrollTop };
  });
  strip.addEventListener("pointermove", (event) => {
    if (!from || !event.buttons) return;
    const [x, y] = [event.clientX - from.x, event.clientY - from.y];
    if (Math.hypot(x, y) < LEAST_DRAG_PX) return;
    strip.classList.add("dragged");
    strip.scrollLeft = from.left - x;
    strip.scrollTop = from.top - y;
  });
  const end = () => {
    from = null;
    setTimeout(() => strip.classList.remove("dragged")); // the click comes after it
  };
  strip.addEventListener("pointerup", end);
  strip.addEventListener("pointerleave", end);
  strip.addEventListener("click", (event) => strip.classList.contains("dragged") && event.stopPropagation(), true);
}

function drawing(strip, overlay, page, done) {
  let from = null;
  let drawn = null;
  const point = (event) => {
    const { left, top, width, height } = overlay.getBoundingClientRect();
    const within = (value, most) => Math.round(Math.min(Math.max(value, 0), 1) * most);
    return { x: within((event.clientX - left) / width, page.width), y: within((event.clientY - top) / height, page.height) };
  };
  const box = (a, b) => ({ left: Math.min(a.x, b.x), top: Math.min(a.y, b.y), right: Math.max(a.x, b.x), bottom: Math.max(a.y, b.y) });
  overlay.addEventListener("pointerdown", (event) => {
    if (!strip.classList.contains("drawing") || event.button) return;
    event.preventDefault();
    event.stopPropagation();
    from = point(event);
    drawn = shape("rect", { class: "drawn" });
    overlay.append(drawn);
    overlay.setPointerCapture(event.pointerId);
  });
  overlay.addEventListener("pointermove", (event) => {
    if (!from) return;
    setAll(drawn, rectangle(box(from, point(event))));
  });
  const end = (event) => {
    if (!from) return;
    const found = box(from, point(event));
    from = null;
    drawn.remove();
    if (event.type === "pointerup" && found.right - found.left >= LEAST_BOX && found.bottom - found.top >= LEAST_BOX) done(found);
  };
  overlay.addEventListener("pointerup", end);
  overlay.addEventListener("pointercancel", end);
}

// What looks like text and was not read, each with a button that reads it: the box need not be drawn.
function unreadView(doc, page, overlay, place, actions) {
  const list = element("ul", {});
  page.unread.forEach((unread, i) => {
    const frame = shape("rect", { class: "frame unread", ...rectangle(unread.box) });
    const show = () => (place.textContent = unreadPlace(unread));
    frame.addEventListener("pointerenter", show);
    frame.addEventListener("click", () => button.focus());
    overlay.append(frame);
    const read = () => actions.readBox(doc, page, unread.box, unread);
    const button = element("button", { type: "button", ariaLabel: say("readUnreadOf", { n: i + 1 }), onclick: read }, say("readUnread"));
    button.addEventListener("focus", () => {
      show();
      frame.classList.add("shown");
    });
    button.addEventListener("blur", () => frame.classList.remove("shown"));
    list.append(element("li", {}, element("span", {}, unreadPlace(unread)), " ", button));
  });
  const summary = element("summary", {}, say("unreadCount", { n: page.unread.length }));
  return element("details", { className: "unread-list" }, summary, legend(), list);
}

function unreadPlace({ reason, text, confidence }) {
  return [say(`unread.${reason}`), ...(text ? [say("unreadAs", { text: `\u2068${text}\u2069`, confidence: percent(confidence) })] : [])].join(" · ");
}

function legend() {
  const entry = (name) => element("li", { className: name }, say(`legend.${name}`));
  return element("ul", { className: "legend small" }, entry("read"), entry("unread"));
}

// Whether a line is to be shown larger than it fits.
export const isNarrow = () => matchMedia(NARROW).matches;

// Whether there is a finger, and most likely no keyboard.
export const isByFinger = () => matchMedia("(hover: none)").matches;

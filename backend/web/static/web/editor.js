// The line at hand: its piece of the picture, enlarged, over its text, which can be typed in. Enter goes to the next line, F8 (or Alt and
// an arrow) to the next doubtful sign. What is typed counts at once.

import { textOfLine } from "./corrections.js";
import { element, rectangle, shape } from "./elements.js";
import { pieces } from "./profile.js";
import { say } from "./words.js";

const AS_READ = { diacritics: "keep", tatweel: "keep", digits: "as_printed" };
const MARGIN = 0.3; // of the line's height, around it
// typed with Alt and the digit that stands on it; then what an Arabic keyboard lacks
const SIGNS = [..."\u064e\u064b\u064f\u064c\u0650\u064d\u0651\u0652\u0670"].map((sign, i) => ({ sign, digit: i + 1 }));
const OTHERS = [{ sign: "\u0640", digit: 0 }, { sign: "\u200c", name: "zwnj" }, { sign: "پ" }, { sign: "چ" }, { sign: "گ" }, { sign: "ی" }, { sign: "ﷺ" }];
let areSignsOpen = false; // they stay so from line to line
const DOTTED = "\u25cc"; // on which a mark is shown

// The stretches of the line's text that were read unsurely: [{from, to, box}]; none of a line that a person has seen to.
export function doubtful(line) {
  if (line.corrected !== undefined) return [];
  let at = 0;
  const found = [];
  for (const piece of pieces(line, AS_READ)) {
    if (piece.uncertain) found.push({ from: at, to: at + piece.text.length, box: piece.box });
    at += piece.text.length;
  }
  return found;
}

// `select` is {from, to} of the text. `on` are functions: text(text), leave(isChecked), step(by), doubt(by, caret), undo().
export function lineEditor({ doc, page, line, index, address, select }, on) {
  const before = textOfLine(line);
  const field = element("textarea", { rows: 1, value: before, dir: line.direction, lang: page.language ?? "ar", spellcheck: false, autocomplete: "off" });
  field.ariaLabel = say("lineText", { n: index + 1, name: doc.name });
  const hint = element("p", { className: "keys small", id: `keys-${doc.id}` }, say("editorKeys"));
  field.setAttribute("aria-describedby", hint.id);
  const fit = () => {
    field.style.blockSize = "auto";
    field.style.blockSize = `${field.scrollHeight + 2}px`;
  };
  const wrote = () => {
    fit();
    on.text(field.value.replace(/\s*\n\s*/g, " "));
  };
  const undo = () => {
    if (field.value === before) return on.undo();
    field.value = before;
    wrote();
    return field.focus();
  };
  field.addEventListener("input", wrote);
  field.addEventListener("keydown", (event) => {
    const act = keyed(event, field, before, { ...on, undo });
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  });

  const put = (sign) => {
    field.focus();
    field.setRangeText(sign, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input"));
  };
  const strip = element("div", { className: "enlarged", dir: line.direction === "ltr" ? "ltr" : "rtl" }, enlarged(page, line, address));
  field.addEventListener("keyup", () => follow(strip, field));
  field.addEventListener("click", () => follow(strip, field));
  const button = (key, act) => element("button", { type: "button", onclick: act }, say(key));
  const tools = element(
    "div",
    { className: "editor-tools" },
    button("lineDone", () => on.step(1)),
    button("nextDoubt", () => on.doubt(1, field.selectionEnd)),
    button("undo", undo),
    palette(put),
  );
  const editor = element("div", { className: "editor" }, strip, field, tools, hint);
  editor.setAttribute("role", "group");
  editor.ariaLabel = say("editorOf", { n: index + 1 });
  editor.start = () => {
    field.focus({ preventScroll: true });
    const end = field.value.length;
    field.setSelectionRange(select?.from ?? end, select?.to ?? end);
    fit();
    follow(strip, field);
    editor.scrollIntoView({ block: "nearest" });
  };
  editor.put = put;
  editor.selected = () => ({ from: field.selectionStart, to: field.selectionEnd });
  return editor;
}

function keyed(event, field, before, on) {
  const isCommand = (event.ctrlKey || event.metaKey) && !event.altKey;
  if (event.isComposing) return null;
  if (event.key === "Enter") return () => on.step(event.shiftKey ? -1 : 1);
  if (event.key === "Escape") return () => on.leave();
  if (event.key === "F8" || (event.altKey && ["ArrowDown", "ArrowUp"].includes(event.key))) {
    const by = event.shiftKey || event.key === "ArrowUp" ? -1 : 1;
    return () => on.doubt(by, by > 0 ? field.selectionEnd : field.selectionStart);
  }
  // while something was typed in this line the browser undoes that, step by step
  if (isCommand && event.code === "KeyZ" && !event.shiftKey && field.value === before) return on.undo;
  const digit = event.altKey && !event.ctrlKey && /^Digit(\d)$/.exec(event.code);
  const key = digit && [...SIGNS, ...OTHERS].find((one) => one.digit === Number(digit[1]));
  if (!key) return null;
  return () => {
    field.setRangeText(key.sign, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input"));
  };
}

// The keys of signs that are hard to type.
function palette(put) {
  const keys = element("div", { className: "palette" });
  keys.setAttribute("role", "group");
  keys.ariaLabel = say("signs");
  for (const { sign, digit, name } of [...SIGNS, ...OTHERS]) {
    const isMark = /\p{M}/u.test(sign);
    const label = name ? say(name) : say("signKey", { sign: say(`marks.${sign.codePointAt(0).toString(16)}`) || sign });
    const shown = element("span", { lang: "ar" }, name ? say("zwnjShort") : isMark ? DOTTED + sign : sign);
    const key = element("button", { type: "button", ariaLabel: label, title: digit === undefined ? label : `${label} · Alt+${digit}` }, shown);
    if (digit !== undefined) key.append(element("sub", { ariaHidden: "true" }, String(digit)));
    key.addEventListener("pointerdown", (event) => event.preventDefault()); // the caret stays in the field
    key.addEventListener("click", () => put(sign));
    keys.append(key);
  }
  const all = element("details", { className: "signs", open: areSignsOpen }, element("summary", {}, say("signs")), keys);
  all.addEventListener("toggle", () => (areSignsOpen = all.open));
  return all;
}

function enlarged(page, line, address) {
  const { left, top, right, bottom } = line.box;
  const margin = MARGIN * Math.min(bottom - top, right - left);
  const [width, height] = [right - left + 2 * margin, bottom - top + 2 * margin];
  const made = shape("svg", { viewBox: `${left - margin} ${top - margin} ${width} ${height}`, "aria-hidden": "true" });
  made.style.setProperty("--ratio", width / height);
  const image = shape("image", { width: page.width, height: page.height, preserveAspectRatio: "none" });
  address.then((url) => image.setAttribute("href", url), () => {});
  made.append(image);
  for (const { box } of doubtful(line)) {
    if (box) made.append(shape("rect", { class: "doubt", ...rectangle(box) }));
  }
  return made;
}

// Where the enlarged line is wider than its place, the part that the caret is at is shown.
function follow(strip, field) {
  const room = strip.scrollWidth - strip.clientWidth;
  if (room <= 0 || !field.value.length) return;
  const share = field.selectionStart / field.value.length;
  strip.scrollLeft = (strip.dir === "ltr" ? 1 : -1) * Math.min(room, Math.max(0, share * strip.scrollWidth - strip.clientWidth / 2));
}

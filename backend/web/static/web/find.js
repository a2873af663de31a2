// Searching in what was read: vowel signs and tatweel do not count, nor do the forms of alef, yeh and kaf, nor which digits are used.

import { orderOf, textOfLine } from "./corrections.js";
import { isNarrow } from "./picture.js";
import { say } from "./words.js";

const IGNORED = /[\u064b-\u065f\u0670\u0640\u200c\u200d\u06d6-\u06ed]/;
const ALIKE = { أ: "ا", إ: "ا", آ: "ا", ٱ: "ا", ى: "ي", ی: "ي", ئ: "ي", ک: "ك", ة: "ه", ە: "ه", ۀ: "ه", ؤ: "و" };

const HIGHLIGHT = "found"; // as in page.css

// What counts of the text, and of each of its signs where it stood.
function fold(text) {
  let plain = "";
  const places = [];
  let at = 0;
  for (const sign of text) {
    const kept = counted(sign);
    for (let k = 0; k < kept.length; k++) places.push(at);
    plain += kept;
    at += sign.length;
  }
  return { plain, places: [...places, at] };
}

function counted(sign) {
  if (sign.match(IGNORED)) return "";
  const code = sign.codePointAt(0);
  if (code >= 0x660 && code <= 0x669) return String(code - 0x660);
  if (code >= 0x6f0 && code <= 0x6f9) return String(code - 0x6f0);
  return ALIKE[sign] ?? sign.toLowerCase();
}

const wantedIn = (field) => fold(field.value.trim().normalize("NFC")).plain;

// Every line with the words in it: [{doc, shown, index}], in the order of reading.
function matches(documents, wanted) {
  if (!wanted) return [];
  return documents.flatMap((doc) =>
    doc.pages.flatMap((page, shown) =>
      page.error ? [] : orderOf(page).filter((index) => fold(textOfLine(page.lines[index])).plain.includes(wanted)).map((index) => ({ doc, shown, index })),
    ),
  );
}

// The field of the tools: Enter shows the next line that has the words, Shift and Enter the one before; Escape goes to it. On a phone, whose
// keyboard hides half of the page, Enter goes there at once.
export function searchField(field, said, { documents, look, goTo }) {
  let at = -1;
  const find = () => {
    const found = matches(documents(), wantedIn(field));
    said.textContent = !field.value.trim() ? "" : found.length ? say("found", { n: found.length }) : say("foundNone");
    return found;
  };
  field.addEventListener("input", () => {
    at = -1;
    find();
    highlight(wantedIn(field));
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    const found = find();
    if (!found.length) return;
    if (event.key === "Enter") at = (at + (event.shiftKey ? (at < 0 ? 0 : -1) : 1) + found.length) % found.length;
    said.textContent = say("foundAt", { n: at + 1, all: found.length });
    if (event.key === "Escape" || isNarrow()) goTo(found[Math.max(0, at)]);
    else look(found[at]);
  });
  // what is shown of the documents changes while they are read, corrected and turned over
  let isDue = false;
  new MutationObserver(() => {
    if (isDue || !wantedIn(field)) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      highlight(wantedIn(field));
    });
  }).observe(document.getElementById("documents"), { childList: true, subtree: true });
}

// Marks the words in the lines that are shown, where the browser can without changing them.
function highlight(wanted) {
  if (!CSS.highlights) return;
  const texts = wanted ? [...document.querySelectorAll(".lines .text")] : [];
  CSS.highlights.set(HIGHLIGHT, new Highlight(...texts.flatMap((text) => rangesIn(text, wanted))));
}

function rangesIn(element, wanted) {
  const { plain, places } = fold(element.textContent);
  const ranges = [];
  for (let k = plain.indexOf(wanted); k >= 0; k = plain.indexOf(wanted, k + wanted.length)) {
    const range = document.createRange();
    range.setStart(...placeIn(element, places[k]));
    range.setEnd(...placeIn(element, places[k + wanted.length]));
    ranges.push(range);
  }
  return ranges;
}

// The text node that an offset of the element's text is in, and the offset in it.
function placeIn(element, offset) {
  const nodes = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let left = offset;
  while (nodes.nextNode()) {
    if (left <= nodes.currentNode.length) return [nodes.currentNode, left];
    left -= nodes.currentNode.length;
  }
  return [element, element.childNodes.length];
}

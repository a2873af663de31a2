// Searching in what was read: vowel signs and tatweel do not count, nor do the forms of alef, yeh and kaf, nor which digits are used.

import { orderOf, textOfLine } from "./corrections.js";
import { say } from "./words.js";

const IGNORED = /[\u064b-\u065f\u0670\u0640\u200c\u200d\u06d6-\u06ed]/g;
const ALIKE = { أ: "ا", إ: "ا", آ: "ا", ٱ: "ا", ى: "ي", ی: "ي", ئ: "ي", ک: "ك", ة: "ه", ە: "ه", ۀ: "ه", ؤ: "و" };

export function folded(text) {
  const plain = text.normalize("NFC").replace(IGNORED, "").toLowerCase();
  return Array.from(plain, (sign) => {
    const code = sign.codePointAt(0);
    if (code >= 0x660 && code <= 0x669) return String(code - 0x660);
    if (code >= 0x6f0 && code <= 0x6f9) return String(code - 0x6f0);
    return ALIKE[sign] ?? sign;
  }).join("");
}

// Every line with the words in it: [{doc, shown, index}], in the order of reading.
export function matches(documents, words) {
  const wanted = folded(words.trim());
  if (!wanted) return [];
  return documents.flatMap((doc) =>
    doc.pages.flatMap((page, shown) =>
      page.error ? [] : orderOf(page).filter((index) => folded(textOfLine(page.lines[index])).includes(wanted)).map((index) => ({ doc, shown, index })),
    ),
  );
}

// The field of the tools: Enter goes to the next line that has the words, Shift and Enter to the one before.
export function searchField(field, said, { documents, goTo }) {
  let at = -1;
  const find = () => {
    const found = matches(documents(), field.value);
    said.textContent = !field.value.trim() ? "" : found.length ? say("found", { n: found.length }) : say("foundNone");
    return found;
  };
  field.addEventListener("input", () => {
    at = -1;
    find();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const found = find();
    if (!found.length) return;
    at = (at + (event.shiftKey ? -1 : 1) + found.length) % found.length;
    said.textContent = say("foundAt", { n: at + 1, all: found.length });
    goTo(found[at]);
  });
}

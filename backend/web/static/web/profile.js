// The form of the text: what model/text.py's apply_profile does, in the browser, so that another form needs no new upload.
// A profile is {diacritics: "keep" | "strip", tatweel: "keep" | "strip", digits: "as_printed" | "western" | "arabic_indic"}.
// tests/test_web.py compares it with apply_profile.

const DIACRITICS = new Set("\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0670");
const TATWEEL = "\u0640";
const LEADER = "\u2026"; // how the network writes a run of leader dots; texts have four dots for it
const DIGITS = { western: "0123456789", arabic_indic: "٠١٢٣٤٥٦٧٨٩", extended: "۰۱۲۳۴۵۶۷۸۹" };
const UNCERTAIN_BELOW = 0.8;

const graphemes = new Intl.Segmenter("ar", { granularity: "grapheme" });

export function applyProfile(text, profile) {
  return Array.from(text, (character) => profiled(character, profile)).join("");
}

function profiled(character, profile) {
  if (profile.diacritics === "strip" && DIACRITICS.has(character)) return "";
  if (profile.tatweel === "strip" && character === TATWEEL) return "";
  if (profile.digits === "as_printed") return character;
  const others = Object.keys(DIGITS).filter((kind) => kind !== profile.digits);
  const value = Math.max(...others.map((kind) => DIGITS[kind].indexOf(character)));
  return value < 0 ? character : DIGITS[profile.digits][value];
}

// A line's text in pieces [{text, uncertain, confidence, boxes}], to be shown one after the other. A letter and its marks stay
// in one piece, since a mark cannot be drawn alone, and count as uncertain if one of them is.
export function pieces(line, profile) {
  const found = [];
  for (const { text, confidence, box } of clusters(line)) {
    const shown = applyProfile(text, profile);
    if (!shown) continue;
    const uncertain = confidence !== null && confidence < UNCERTAIN_BELOW;
    const last = found.at(-1);
    if (last && !last.uncertain && !uncertain) last.text += shown;
    else found.push({ text: shown, uncertain, confidence, box });
  }
  return found;
}

// The grapheme clusters of the text as read, each with its lowest confidence and its box. The API lists characters as the
// network gave them, those of a page's lines without the spaces between words; the text has its spaces joined and is in NFC, which
// puts marks in another order within a cluster.
function clusters(line) {
  const plain = [{ text: line.textAsRead, confidence: null, box: null }];
  if (!line.characters) return plain;
  const signs = finished(line.characters);
  const starts = [];
  let length = 0;
  for (const sign of signs) {
    starts.push(length);
    length += sign.text.length;
  }
  const drawn = signs.map((sign) => sign.text).join("");
  const found = [];
  let at = 0; // in the text as read
  for (const { segment, index } of graphemes.segment(drawn)) {
    const end = index + segment.length; // a leader is one sign and four clusters
    const members = signs.filter((sign, i) => starts[i] < end && starts[i] + sign.text.length > index);
    const text = segment.normalize("NFC");
    if (line.textAsRead[at] === " " && text !== " ") {
      found.push({ text: " ", confidence: null, box: null });
      at++;
    }
    const box = members.map((sign) => sign.box).reduce(union, null);
    found.push({ text, confidence: Math.min(...members.map((sign) => sign.confidence)), box });
    at += text.length;
  }
  // should the two not agree, the text is right and the marks are left out
  return found.map((cluster) => cluster.text).join("") === line.textAsRead ? found : plain;
}

function finished(characters) {
  const signs = [];
  for (const sign of characters) {
    const isSpace = /^\s$/.test(sign.text);
    if (isSpace && (signs.length === 0 || signs.at(-1).text === " ")) continue;
    signs.push({ ...sign, text: isSpace ? " " : sign.text.replace(LEADER, "....") });
  }
  if (signs.at(-1)?.text === " ") signs.pop();
  return signs;
}

function union(a, b) {
  if (!a || !b) return a ?? b;
  return { left: Math.min(a.left, b.left), top: Math.min(a.top, b.top), right: Math.max(a.right, b.right), bottom: Math.max(a.bottom, b.bottom) };
}

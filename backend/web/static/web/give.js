// Giving out what was read: to the clipboard, as files that are made here, and as files that the service writes.

import { isTouched, resultOf, textOfPage } from "./corrections.js";
import { pairs } from "./crops.js";
import { convert } from "./jobs.js";
import { applyProfile } from "./profile.js";
import { write } from "./reading.js";
import { say } from "./words.js";

export const SUFFIXES = {
  text: ".txt",
  json: ".json",
  markdown: ".md",
  html: ".html",
  docx: ".docx",
  csv: ".csv",
  xlsx: ".xlsx",
  hocr: ".hocr",
  alto: ".alto.xml",
  page: ".page.xml",
  pdf: ".pdf",
};
const COPIED_MS = 1500;

// Pages are parted by form feeds, as the API's own text is.
export const textOf = (doc, profile) =>
  doc.pages
    .filter((page) => !page.error)
    .map((page) => textOfPage(page, profile))
    .join("\n\f");

// The API's reply, with the texts in the form that is shown. Where a person has corrected any, the service places its words anew.
export async function replyOf(doc, profile, ask) {
  if (doc.pages.some(isTouched)) {
    const { blob } = await write(shownOf(doc), { format: "json", ...profile }, ask);
    return { ...JSON.parse(await blob.text()), profile };
  }
  const profiled = (part) => ({ ...part, text: part.text === null ? null : applyProfile(part.text, profile) });
  const line = (part) => ({ ...profiled(part), words: (part.words ?? []).map(profiled) });
  const results = doc.pages.map(({ raw }) => ({ ...profiled(raw), lines: raw.lines.map(line) }));
  return { model: doc.model, results, milliseconds: doc.milliseconds, profile };
}

const shownOf = (doc) => ({ name: doc.name, model: `${doc.model.name} ${doc.model.version}`, results: doc.pages.map(resultOf) });

// The document in a format that the service writes: {blob, isArchive}. What a job has read, and nobody has corrected, it need not be sent.
export function written(doc, format, profile, ask) {
  if (doc.job && !doc.before.length && !doc.pages.some(isTouched)) return convert(doc.job, { format, ...profile, language: ask.language }, ask);
  const original = format !== "pdf" ? {} : doc.file ? { file: doc.file, password: doc.password } : { job: doc.job };
  return write(shownOf(doc), { format, ...profile, ...original }, ask);
}

export async function savePairs(documents, pictureOf) {
  save("corrected-lines.zip", await pairs(documents, pictureOf));
}

// Throws where the browser does not let it.
export async function copy(text, button) {
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else copyFromField(text); // the clipboard is only for https and for this machine
  button.dataset.label ??= button.textContent;
  button.textContent = say("copied");
  setTimeout(() => (button.textContent = button.dataset.label), COPIED_MS);
}

function copyFromField(text) {
  const field = document.createElement("textarea");
  const focused = document.activeElement;
  field.value = text;
  field.className = "unseen";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  focused?.focus();
  if (!done) throw new Error("not copied");
}

export function save(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export const saveText = (name, text) => save(name, new Blob([`${text}\n`], { type: "text/plain;charset=utf-8" }));
export const saveJson = (name, value) => save(name, new Blob([`${JSON.stringify(value, null, 1)}\n`], { type: "application/json" }));
export const stem = (name) => name.replace(/\.[^.]*$/, "") || name;

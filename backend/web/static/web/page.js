// The page at /: takes images and PDFs in, has the API read them one by one, and keeps what was read until it is removed.
// A document: {id, name, file, state, how, password, shown, pages, pictures, …}; `how` are the API's options for reading it,
// `shown` is the page that is looked at, from 0.

import { applyProfile } from "./profile.js";
import { convert, picture, read, ReadingError } from "./reading.js";
import { documentView } from "./view.js";
import { limits, say, switchLanguage, writeWords } from "./words.js";

const AT_ONCE = 3; // files that are read at the same time
const DRAWN_HERE = /\.(png|jpe?g|webp|bmp)$/i; // by the browser; pictures of other files' pages are asked for
const SUFFIXES = { text: ".txt", json: ".json", hocr: ".hocr", alto: ".alto.xml", page: ".page.xml", pdf: ".pdf" };
const documents = [];
let lastId = 0;
let key = "";

const $ = (id) => document.getElementById(id);

const look = () => ({
  profile: {
    diacritics: $("diacritics").checked ? "keep" : "strip",
    tatweel: $("tatweel").checked ? "keep" : "strip",
    digits: $("digits").value,
  },
  markUncertain: $("unsure").checked,
});

// ---- taking in ----

function add(files) {
  for (const file of files) {
    const doc = { id: ++lastId, name: file.name, file, state: "waiting", password: "", shown: 0, pictures: new Map() };
    if (file.size > limits.fileBytes) Object.assign(doc, { state: "failed", error: new ReadingError("file_too_large", say("tooLarge", { size: limits.fileBytes / 2 ** 20 }), 413) });
    documents.push(doc);
    show(doc);
  }
  work();
}

function work() {
  while (documents.filter((doc) => doc.state === "reading").length < AT_ONCE) {
    const doc = documents.find((one) => one.state === "waiting");
    if (!doc || !$("key-form").hidden) return;
    start(doc);
  }
}

async function start(doc) {
  const abort = new AbortController();
  const how = { mode: $("mode").value, text_layer: $("text-layer").checked ? "use" : "ignore", password: doc.password };
  change(doc, { state: "reading", busySeconds: 0, saveError: null, how, shown: 0, abort });
  try {
    const onBusy = (seconds) => change(doc, { busySeconds: seconds });
    change(doc, { state: "done", ...(await read(doc.file, how, { key, signal: abort.signal, onBusy })) });
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof ReadingError)) console.error(error);
    if (error.status === 401) {
      change(doc, { state: "waiting" });
      askForKey();
      return;
    }
    change(doc, { state: "failed", error: known(error) });
  }
  const left = documents.some((one) => one.state === "waiting" || one.state === "reading");
  if (!left) tell(say("done", { read: count("done"), failed: count("failed") }));
  work();
}

const known = (error) => (error instanceof ReadingError ? error : new ReadingError("unexpected", ""));
const count = (state) => documents.filter((doc) => doc.state === state).length;

// ---- showing ----

function change(doc, values) {
  Object.assign(doc, values);
  if (documents.includes(doc)) show(doc);
}

function show(doc) {
  const old = $(`document-${doc.id}`);
  const view = documentView(doc, look(), actions);
  if (old) {
    const held = old.contains(document.activeElement);
    old.replaceWith(view);
    if (held) view.focus();
  } else $("documents").append(view);
  const read = count("done");
  document.body.classList.toggle("at-work", documents.length > 0);
  $("tools").hidden = $("means").hidden = read === 0;
}

function showAll() {
  documents.forEach(show);
}

function tell(words) {
  $("status").textContent = words;
}

function askForKey() {
  $("key-wrong").textContent = key ? say("keyWrong") : "";
  $("key-form").hidden = false;
  $("key").focus();
}

// ---- giving out ----

// Pages are parted by form feeds, as the API's own text is.
function textOf(doc) {
  const texts = doc.pages.filter((page) => !page.error).map((page) => applyProfile(page.text, look().profile));
  return texts.join("\n\f");
}

// The API's reply, with the texts in the form that is shown.
function replyOf(doc) {
  const { profile } = look();
  const profiled = (part) => ({ ...part, text: part.text === null ? null : applyProfile(part.text, profile) });
  const line = (part) => ({ ...profiled(part), words: (part.words ?? []).map(profiled) });
  const results = doc.reply.results.map((result) => ({ ...profiled(result), lines: result.lines.map(line) }));
  return { ...doc.reply, profile, results };
}

async function copy(text, button) {
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else copyFromField(text); // the clipboard is only for https and for this machine
    button.textContent = say("copied");
    tell(say("copied"));
  } catch {
    tell(say("errors.clipboard"));
    return;
  }
  setTimeout(() => (button.textContent = say("copy")), 1500);
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

function save(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

const saveText = (name, text) => save(name, new Blob([`${text}\n`], { type: "text/plain;charset=utf-8" }));
const saveJson = (name, value) => save(name, new Blob([`${JSON.stringify(value, null, 1)}\n`], { type: "application/json" }));
const stem = (name) => name.replace(/\.[^.]*$/, "") || name;
const readOnes = () => documents.filter((doc) => doc.state === "done");
const allText = () => readOnes().map(textOf).join("\n");

const actions = {
  copy: (doc, button) => copy(textOf(doc), button),
  download: async (doc, format) => {
    if (format === "text") return saveText(stem(doc.name) + SUFFIXES.text, textOf(doc));
    if (format === "json") return saveJson(stem(doc.name) + SUFFIXES.json, replyOf(doc));
    change(doc, { saving: true, saveError: null });
    tell(say("saving"));
    try {
      const { blob, isArchive } = await convert(doc.file, { format, ...doc.how, ...look().profile }, { key, signal: doc.abort.signal });
      const name = stem(doc.name) + (isArchive ? ".zip" : SUFFIXES[format]);
      save(name, blob);
      tell(say("saved", { name }));
      change(doc, { saving: false });
    } catch (error) {
      if (error.name !== "AbortError") change(doc, { saving: false, saveError: known(error) });
    }
  },
  // The address of a page's picture: the file itself where the browser can draw it, or what the service draws of it.
  picture: (doc, page) => {
    if (!doc.pictures.has(page.number)) {
      const drawn = DRAWN_HERE.test(doc.name) ? Promise.resolve(doc.file) : picture(doc.file, page.number, doc.password, { key, signal: doc.abort.signal });
      const address = drawn.then((blob) => URL.createObjectURL(blob));
      doc.pictures.set(page.number, address);
      address.catch(() => doc.pictures.delete(page.number));
    }
    return doc.pictures.get(page.number);
  },
  turn: (doc, shown, by) => {
    change(doc, { shown });
    const { parts } = $(`document-${doc.id}`).querySelector(".switcher");
    (parts[by].disabled ? parts.page : parts[by]).focus();
    tell(say("pageOf", { n: doc.pages[shown].number, all: doc.pages.length }));
  },
  unlock: (doc, password) => {
    change(doc, { state: "waiting", password });
    work();
  },
  again: (doc) => {
    change(doc, { state: "waiting" });
    work();
  },
  remove: (doc) => {
    doc.abort?.abort();
    for (const address of doc.pictures.values()) address.then(URL.revokeObjectURL, () => {});
    const index = documents.indexOf(doc);
    documents.splice(index, 1);
    $(`document-${doc.id}`).remove();
    tell(say("removed", { name: doc.name }));
    const next = documents[index] ?? documents[index - 1];
    (next ? $(`document-${next.id}`) : $("files")).focus();
    document.body.classList.toggle("at-work", documents.length > 0);
    $("tools").hidden = $("means").hidden = count("done") === 0;
    work();
  },
};

// ---- wiring ----

$("files").addEventListener("change", (event) => {
  add(event.target.files);
  event.target.value = ""; // so that the same file can be chosen again
});

$("example").addEventListener("click", async (event) => {
  try {
    const picture = await (await fetch(event.target.dataset.src)).blob();
    add([new File([picture], "example.png", { type: picture.type })]);
  } catch {
    tell(say("errors.network"));
  }
});

document.addEventListener("paste", (event) => {
  if (event.target.closest("input")) return;
  const files = Array.from(event.clipboardData.files);
  if (files.length) add(files);
  else tell(say("pasteText"));
});

let entered = 0; // each child that is dragged over tells of entering and leaving
const carriesFiles = (event) => event.dataTransfer.types.includes("Files");
const lift = () => document.body.classList.toggle("dropping", entered > 0);
document.addEventListener("dragenter", (event) => {
  if (!carriesFiles(event)) return;
  entered++;
  lift();
});
document.addEventListener("dragleave", (event) => {
  if (!carriesFiles(event)) return;
  entered--;
  lift();
});
document.addEventListener("dragover", (event) => {
  if (carriesFiles(event)) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  entered = 0;
  lift();
  add(event.dataTransfer.files);
});

// What is read in another way now is read again: images by the mode, PDFs by the text that they have.
function readAgain(isMeant) {
  for (const doc of documents) {
    if (!isMeant(doc) || !["done", "failed"].includes(doc.state) || doc.error?.code === "file_too_large") continue;
    change(doc, { state: "waiting", error: null });
  }
  work();
}

const isPdf = (doc) => /\.pdf$/i.test(doc.name);
$("mode").addEventListener("change", () => readAgain((doc) => !isPdf(doc)));
$("text-layer").addEventListener("change", () => readAgain(isPdf));

for (const id of ["diacritics", "tatweel", "digits", "unsure"]) $(id).addEventListener("change", showAll);

$("copy-all").addEventListener("click", (event) => copy(allText(), event.currentTarget));
$("text-all").addEventListener("click", () => saveText("rasm.txt", allText()));
$("json-all").addEventListener("click", () => saveJson("rasm.json", readOnes().map(replyOf)));

$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  key = $("key").value.trim();
  $("key-form").hidden = true;
  work();
});

$("language").addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  switchLanguage();
  showAll();
});

writeWords();

// The page at /: takes images in, has the API read them one by one, and keeps what was read until it is removed.

import { applyProfile } from "./profile.js";
import { read, ReadingError } from "./reading.js";
import { documentView } from "./view.js";
import { limits, say, switchLanguage, writeWords } from "./words.js";

const AT_ONCE = 3; // files that are read at the same time
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
    const doc = { id: ++lastId, name: file.name, file, url: URL.createObjectURL(file), state: "waiting" };
    if (file.size > limits.fileBytes) Object.assign(doc, { state: "failed", error: new ReadingError("file_too_large", say("formats", { size: limits.fileBytes / 2 ** 20 }), 413) });
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
  doc.abort = new AbortController();
  change(doc, { state: "reading", busySeconds: 0 });
  try {
    const onBusy = (seconds) => change(doc, { busySeconds: seconds });
    change(doc, { state: "done", ...(await read(doc.file, { key, signal: doc.abort.signal, onBusy })) });
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof ReadingError)) console.error(error);
    if (error.status === 401) {
      change(doc, { state: "waiting" });
      askForKey();
      return;
    }
    change(doc, { state: "failed", error: error instanceof ReadingError ? error : new ReadingError("unexpected", "") });
  }
  const left = documents.some((one) => one.state === "waiting" || one.state === "reading");
  if (!left) tell(say("done", { read: count("done"), failed: count("failed") }));
  work();
}

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

const linesOf = (doc) => doc.pages.flatMap((page) => page.lines);

function textOf(doc) {
  return linesOf(doc)
    .map((line) => applyProfile(line.textAsRead, look().profile))
    .join("\n");
}

// The API's reply, with the texts in the form that is shown.
function replyOf(doc) {
  const { profile } = look();
  const profiled = (part) => ({ ...part, text: applyProfile(part.text_as_read, profile) });
  const results = doc.reply.results.map((result) => ({ ...profiled(result), lines: result.lines.map(profiled) }));
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

function download(name, type, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

const saveText = (name, text) => download(name, "text/plain;charset=utf-8", `${text}\n`);
const saveJson = (name, value) => download(name, "application/json", `${JSON.stringify(value, null, 1)}\n`);
const stem = (name) => name.replace(/\.[^.]*$/, "") || name;
const readOnes = () => documents.filter((doc) => doc.state === "done");
const allText = () => readOnes().map(textOf).join("\n");

const actions = {
  copy: (doc, button) => copy(textOf(doc), button),
  text: (doc) => saveText(`${stem(doc.name)}.txt`, textOf(doc)),
  json: (doc) => saveJson(`${stem(doc.name)}.json`, replyOf(doc)),
  again: (doc) => {
    change(doc, { state: "waiting" });
    work();
  },
  remove: (doc) => {
    doc.abort?.abort();
    URL.revokeObjectURL(doc.url);
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

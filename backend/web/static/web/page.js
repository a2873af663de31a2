// The page at /: takes images and PDFs in, has the API read them, at once or as jobs, and keeps what was read until it is removed.
// A document: {id, name, file, state, how, password, shown, pages, pictures, job, progress, …}; `how` are the API's options for reading
// it, `shown` is the page that is looked at, from 0; `pages` are those that have been read so far. `job` is its job's id while the service has one, and `progress` tells how far that
// is. Once the page has been loaded again its documents are those that have jobs, and their `file` is null.

import * as jobs from "./jobs.js";
import { applyProfile } from "./profile.js";
import { convert, picture, read, ReadingError } from "./reading.js";
import { countPages, documentView, showNewPages, showProgress } from "./view.js";
import { limits, say, switchLanguage, writeWords } from "./words.js";

const AT_ONCE = 3; // files that are read, or sent, at the same time
const JOBS_AT_ONCE = 10; // the service takes some at a time, from all together
const SMALL_BYTES = 2 ** 19; // so much may be sent in vain
const MOST_MARKED = 200; // pages whose characters, each with its place, are not too much for a browser
const OTHERWISE = ["too_many_pages", "file_too_large", "request_too_large", "overloaded", "too_many_jobs", "job_storage_full"];
const DRAWN_HERE = /\.(png|jpe?g|webp|bmp)$/i; // by the browser; pictures of other files' pages are asked for
const SUFFIXES = {
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
    const doc = newDocument({ name: file.name, file });
    if (file.size > (limits.jobs ?? limits).fileBytes) Object.assign(doc, { state: "failed", error: new ReadingError("file_too_large", say("tooLarge"), 413) });
    show(doc);
  }
  work();
}

function newDocument(values) {
  const doc = { id: ++lastId, file: null, state: "waiting", password: "", shown: 0, pages: [], pictures: new Map(), job: null, progress: null, ...values };
  documents.push(doc);
  return doc;
}

function work() {
  for (;;) {
    const busy = documents.filter((doc) => doc.state === "reading");
    const isFull = busy.filter((doc) => doc.job).length >= JOBS_AT_ONCE;
    const doc = documents.find((one) => one.state === "waiting" && !(isFull && waysOf(one)[0] === asJob));
    if (!doc || busy.filter((one) => !one.job).length >= AT_ONCE || !$("key-form").hidden) return;
    start(doc);
  }
}

async function start(doc) {
  const abort = new AbortController();
  const how = { mode: $("mode").value, pdf_text: $("pdf-text").checked ? "auto" : "ignore", password: doc.password };
  change(doc, { state: "reading", busySeconds: 0, saveError: null, how, shown: 0, pages: [], progress: null, unmarked: false, abort });
  try {
    const onBusy = (busySeconds, isLost) => step(doc, { busySeconds, isLost });
    const ask = { key, signal: abort.signal, onBusy, language: $("text-language").value };
    change(doc, { state: "done", ...(await readFirst(waysOf(doc), doc, ask)) });
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

// At once it is quicker; a job takes more, tells how far it is, and outlives the page. How many pages a file has, only the service knows.
function waysOf(doc) {
  if (doc.job) return [asJob];
  if (!limits.jobs) return [atOnce];
  if (doc.file.size > limits.fileBytes) return [asJob];
  return /\.(pdf|tiff?)$/i.test(doc.name) && doc.file.size > SMALL_BYTES ? [asJob, atOnce] : [atOnce, asJob];
}

// What is too much for one way is read in the other; if it is for both, the job's refusal tells more.
async function readFirst(ways, doc, ask) {
  let refusal = null;
  for (const way of ways) {
    try {
      return await way(doc, ask);
    } catch (error) {
      if (!OTHERWISE.includes(error.code)) throw error;
      if (!refusal || way === asJob) refusal = error;
    }
  }
  throw refusal;
}

function atOnce(doc, ask) {
  change(doc, { progress: null });
  return read(doc.file, { ...doc.how, language: ask.language }, ask);
}

async function asJob(doc, ask) {
  change(doc, { progress: { state: doc.job ? "queued" : "sending" } });
  if (!doc.job) {
    const { id } = await jobs.submit(doc.file, doc.how, ask);
    change(doc, { job: id, progress: { state: "queued" } });
    work();
  }
  try {
    const job = await jobs.follow(doc.job, ask, async (progress) => {
      step(doc, { progress, busySeconds: 0 });
      if (progress.state === "running" && progress.pages_done > doc.pages.length) await showMore(doc, detailOf(progress), ask);
    });
    if (job.state === "done") return { ...(await jobs.result(doc.job, detailOf(job), ask)), unmarked: job.pages > MOST_MARKED };
    discard(doc);
    if (job.state === "cancelled") throw new ReadingError("job_cancelled", "");
    throw new ReadingError(job.error.code, job.error.message, job.error.code === "page_failed" ? 500 : 422);
  } catch (error) {
    if (error.code === "job_not_found") change(doc, { job: null });
    throw error;
  }
}

const detailOf = (job) => (job.pages > MOST_MARKED ? "lines" : "characters");

// Pages are shown as soon as those before them are there. Whoever reads one, or is at a button, is not disturbed.
async function showMore(doc, detail, ask) {
  const more = await jobs.pagesAfter(doc.job, doc.pages.length, detail, ask);
  if (!more.length || doc.state !== "reading") return;
  const areFirst = !doc.pages.length;
  doc.pages.push(...more);
  showNewPages($(`document-${doc.id}`), doc, areFirst, look(), actions);
}

function discard(doc) {
  if (!doc.job) return;
  jobs.discard(doc.job, { key }).catch(console.error);
  change(doc, { job: null });
}

const known = (error) => (error instanceof ReadingError ? error : new ReadingError("unexpected", ""));
const count = (state) => documents.filter((doc) => doc.state === state).length;

// ---- showing ----

function change(doc, values) {
  Object.assign(doc, values);
  if ("job" in values) storeJobs();
  if (documents.includes(doc)) show(doc);
}

const storeJobs = () => jobs.store(documents.filter((doc) => doc.job).map((doc) => ({ id: doc.job, name: doc.name })));

// What changes while it is read: whoever is at its buttons stays there.
function step(doc, values) {
  const before = tenth(doc.progress);
  Object.assign(doc, values);
  showProgress($(`document-${doc.id}`), doc);
  const { pages_done: done, pages } = doc.progress ?? {};
  if (tenth(doc.progress) > before) tell(`${doc.name}: ${say("pagesRead", { done, pages })}`);
}

const tenth = (progress) => (progress?.pages ? Math.floor((10 * progress.pages_done) / progress.pages) : 0);

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
    tell(say("copied"));
  } catch {
    tell(say("errors.clipboard"));
    return;
  }
  button.dataset.label ??= button.textContent;
  button.textContent = say("copied");
  setTimeout(() => (button.textContent = button.dataset.label), 1500);
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

async function drawn(doc, page) {
  const ask = { key, signal: doc.abort.signal };
  if (doc.file && DRAWN_HERE.test(doc.name)) return doc.file;
  return doc.job ? jobs.picture(doc.job, page.number, ask) : picture(doc.file, page.number, doc.password, ask);
}

const actions = {
  copy: (doc, button) => copy(textOf(doc), button),
  copyTable: copy,
  download: async (doc, format) => {
    if (format === "text") return saveText(stem(doc.name) + SUFFIXES.text, textOf(doc));
    if (format === "json") return saveJson(stem(doc.name) + SUFFIXES.json, replyOf(doc));
    change(doc, { saving: true, saveError: null });
    tell(say("saving"));
    try {
      const ask = { key, signal: doc.abort.signal };
      const form = { format, language: $("text-language").value, ...look().profile };
      const { blob, isArchive } = await (doc.job ? jobs.convert(doc.job, form, ask) : convert(doc.file, { ...doc.how, ...form }, ask));
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
      const address = drawn(doc, page).then((blob) => URL.createObjectURL(blob));
      doc.pictures.set(page.number, address);
      address.catch(() => doc.pictures.delete(page.number));
    }
    return doc.pictures.get(page.number);
  },
  turn: (doc, shown, by) => {
    change(doc, { shown });
    const { parts } = $(`document-${doc.id}`).querySelector(".switcher");
    (parts[by].disabled ? parts.page : parts[by]).focus();
    tell(say("pageOf", { n: doc.pages[shown].number, all: countPages(doc) }));
  },
  unlock: (doc, password) => {
    change(doc, { state: "waiting", password });
    work();
  },
  again: (doc) => {
    change(doc, { state: "waiting" });
    work();
  },
  cancel: (doc) => {
    doc.abort.abort();
    discard(doc);
    change(doc, { state: "failed", error: new ReadingError("job_cancelled", "") });
    tell(say("errors.job_cancelled"));
    work();
  },
  remove: (doc) => {
    doc.abort?.abort();
    for (const address of doc.pictures.values()) address.then(URL.revokeObjectURL, () => {});
    const index = documents.indexOf(doc);
    documents.splice(index, 1);
    discard(doc);
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
    if (!isMeant(doc) || !doc.file || !["done", "failed"].includes(doc.state) || doc.error?.code === "file_too_large") continue;
    discard(doc);
    change(doc, { state: "waiting", error: null });
  }
  work();
}

const isPdf = (doc) => /\.pdf$/i.test(doc.name);
$("mode").addEventListener("change", () => readAgain((doc) => !isPdf(doc)));
$("pdf-text").addEventListener("change", () => readAgain(isPdf));
// What is a job is asked for again, in other letters.
$("text-language").addEventListener("change", () => {
  for (const doc of documents) if (doc.state === "done" && (doc.file || doc.job)) change(doc, { state: "waiting", error: null });
  work();
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
for (const { id, name } of jobs.stored()) show(newDocument({ name, job: id }));
work();

// The page at /: takes images and PDFs in, has the API read them, at once or as jobs, lets them be corrected, and keeps what was read until
// it is removed.
// A document: {id, key, name, file, state, how, password, shown, pages, pictures, job, progress, model, milliseconds, corrections, undone, …};
// `how` are the API's options for reading it, `shown` is the page that is looked at, from 0; `pages` are those that have been read so far. `job`
// is its job's id while the service has one, and `progress` tells how far that is. `isStopped`: its reading was cancelled, what had been
// read stays. Once the page has been loaded again its documents are those that have jobs, whose `file` is null, and those that were corrected.

import { isSure, restore } from "./corrections.js";
import { countSure } from "./crops.js";
import { searchField } from "./find.js";
import { copy, replyOf, save, saveJson, savePairs, saveText, stem, SUFFIXES, textOf, written } from "./give.js";
import * as jobs from "./jobs.js";
import { mending } from "./mend.js";
import { isNarrow } from "./picture.js";
import { lineOf, pageOf, picture, read, ReadingError } from "./reading.js";
import { forget, kept } from "./store.js";
import { takeFiles } from "./take.js";
import { countPages, documentView, showNewPages, showProgress } from "./view.js";
import { limits, say, switchLanguage, writeWords } from "./words.js";

const AT_ONCE = 3; // files that are read, or sent, at the same time
const JOBS_AT_ONCE = 10; // the service takes some at a time, from all together
const SHORT_PAGES = 8; // so many are read while somebody waits, in a second each on one core; jobs wait for workers of a lower priority
const MOST_MARKED = 200; // pages whose characters, each with its place, are not too much for a browser
const OTHERWISE = ["too_many_pages", "file_too_large", "request_too_large", "overloaded", "too_many_jobs", "job_storage_full"];
const DRAWN_HERE = /\.(png|jpe?g|webp|bmp)$/i; // by the browser; pictures of other files' pages are asked for
const HAS_PAGES = /\.(pdf|tiff?)$/i;
const TOLD_MS = 5000; // how long a message stays to be seen
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
  const doc = { id: ++lastId, file: null, state: "waiting", password: "", shown: 0, pages: [], pictures: new Map(), job: null, progress: null, corrections: {}, undone: [], before: [], ...values };
  doc.key ??= `${Date.now()}-${doc.id}`; // by which it is kept
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
  const before = doc.goesOn ? doc.pages : [];
  change(doc, { state: "reading", busySeconds: 0, saveError: null, how, progress: null, unmarked: false, isStopped: false, abort, since: null, before, pages: [...before] });
  if (!before.length) doc.shown = 0;
  try {
    const onBusy = (busySeconds, isLost) => step(doc, { busySeconds, isLost });
    const ask = { key, signal: abort.signal, onBusy, language: $("text-language").value };
    const found = await readFirst(waysOf(doc), doc, ask);
    restore(found.pages, doc.corrections, lineOf);
    const areFirst = !doc.pages.length;
    if (before.length) keepSoon(doc);
    change(doc, { state: "done", goesOn: false, ...found, milliseconds: found.milliseconds + (before.length ? doc.milliseconds : 0) });
    if (areFirst) bringIn(doc);
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
  if (!left) tell(say(count("failed") ? "doneFailed" : "done", { read: count("done"), failed: count("failed") }));
  work();
}

// At once it is quicker; a job takes more, tells how far it is, and outlives the page.
function waysOf(doc) {
  if (doc.job) return [asJob];
  if (!limits.jobs) return [atOnce];
  return doc.file.size > limits.fileBytes ? [asJob] : [atOnce, asJob];
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

// Of several pages the first is shown as soon as it has been read. It tells how many there are: many others are better read as a job.
async function atOnce(doc, ask) {
  change(doc, { progress: null });
  const how = { ...doc.how, language: ask.language };
  if (!HAS_PAGES.test(doc.name)) return read(doc.file, how, ask);
  const after = doc.before.length;
  const first = after ? { pages: doc.before, milliseconds: 0, model: doc.model } : await firstOf(doc, how, ask);
  if (!first) return read(doc.file, how, ask); // the first page is broken, or all of the file is: that is told then
  const last = first.pages.at(-1);
  if (last.of === last.number) return first;
  if (!after) showFirst(doc, first);
  if (last.of > limits.pages) throw new ReadingError("too_many_pages", "", 413);
  if (limits.jobs && last.of - last.number > SHORT_PAGES) {
    try {
      return await asJob(doc, ask);
    } catch (error) {
      if (!OTHERWISE.includes(error.code)) throw error;
      change(doc, { progress: null });
    }
  }
  const rest = await read(doc.file, { ...how, pages: `${last.number + 1}-` }, ask);
  return { pages: [...first.pages, ...rest.pages], model: rest.model, milliseconds: first.milliseconds + rest.milliseconds };
}

async function firstOf(doc, how, ask) {
  try {
    return await read(doc.file, { ...how, pages: "1" }, ask);
  } catch (error) {
    if (error.status === 422) return null;
    throw error;
  }
}

function showFirst(doc, { pages, model }) {
  if (doc.state !== "reading" || doc.pages.length) return;
  restore(pages, doc.corrections, lineOf);
  change(doc, { pages, model });
  bringIn(doc);
}

async function asJob(doc, ask) {
  const after = doc.before.length;
  change(doc, { progress: { state: doc.job ? "queued" : "sending" } });
  if (!doc.job) {
    const { id } = await jobs.submit(doc.file, { ...doc.how, ...(after && { pages: `${doc.before.at(-1).number + 1}-` }) }, ask);
    change(doc, { job: id, progress: { state: "queued" } });
    work();
  }
  try {
    const job = await jobs.follow(doc.job, ask, async (said) => {
      const progress = { ...said, pages: said.pages + after, pages_done: said.pages_done + after };
      if (said.state === "running") doc.since ??= { when: Date.now(), done: progress.pages_done };
      if (doc.since && progress.pages_done > (doc.since.last ?? doc.since.done)) Object.assign(doc.since, { last: progress.pages_done, at: Date.now() });
      step(doc, { progress, busySeconds: 0 });
      if (said.state === "running" && progress.pages_done > doc.pages.length) await showMore(doc, detailOf(said), ask);
    });
    if (job.state === "done") {
      const found = await jobs.result(doc.job, detailOf(job), ask);
      return { ...found, pages: [...doc.before, ...found.pages.map((page) => doc.pages.find((one) => one.isRestored && one.number === page.number) ?? page)], unmarked: job.pages > MOST_MARKED };
    }
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
  const more = await jobs.pagesAfter(doc.job, doc.pages.at(-1)?.number ?? 0, detail, ask);
  if (!more.length || doc.state !== "reading") return;
  const areFirst = !doc.pages.length;
  restore(more, doc.corrections, lineOf);
  doc.pages.push(...more);
  doc.model ??= more[0].model;
  showNewPages($(`document-${doc.id}`), doc, areFirst, look(), actions);
  if (areFirst) bringIn(doc);
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
  if (documents.includes(doc)) show(doc, false);
}

const storeJobs = () => jobs.store(documents.filter((doc) => doc.job && !doc.before.length).map((doc) => ({ id: doc.job, name: doc.name })));

// What changes while it is read: whoever is at its buttons stays there.
function step(doc, values) {
  const before = tenth(doc.progress);
  Object.assign(doc, values);
  showProgress($(`document-${doc.id}`), doc);
  const { pages_done: done, pages } = doc.progress ?? {};
  if (tenth(doc.progress) > before) tell(`${doc.name}: ${say("pagesRead", { done, pages })}`);
}

const tenth = (progress) => (progress?.pages ? Math.floor((10 * progress.pages_done) / progress.pages) : 0);

// With `isAnew` its page is drawn again, too. Whoever was at something of it is there again.
function show(doc, isAnew = true) {
  const old = $(`document-${doc.id}`);
  const held = old?.contains(document.activeElement) ? document.activeElement : null;
  const before = old && pageIn(old);
  const view = documentView(doc, look(), actions, isAnew ? null : old);
  const now = pageIn(view);
  const left = now !== before && before?.leave?.(); // its open line
  if (!old) $("documents").append(view);
  else if (view !== old) old.replaceWith(view);
  if (left && now?.page === before.page) now.go(left.index, left.select);
  else if (held && !held.isConnected) (likeIt(view, held) ?? view).focus({ preventScroll: true });
  showTools();
}

const pageIn = (view) => view.querySelector(":scope > .page");

// What has the same name, or the same words that describe it, as an element that is no more.
function likeIt(view, { ariaLabel, tagName, attributes }) {
  const described = attributes["aria-describedby"]?.value;
  const isLike = (one) => (ariaLabel && one.ariaLabel === ariaLabel) || (described && one.getAttribute("aria-describedby") === described);
  return [...view.getElementsByTagName(tagName)].find(isLike);
}

function showTools() {
  document.body.classList.toggle("at-work", documents.length > 0);
  $("tools").hidden = $("means").hidden = !documents.some((doc) => doc.pages.length);
  $("all").hidden = documents.length < 2; // one has the same at its own buttons
  const sure = documents.reduce((sum, doc) => sum + countSure(doc), 0);
  $("pairs").disabled = !sure;
  $("pairs").textContent = say("pairs", { n: sure });
  $("pairs").title = say("pairsTitle");
}

// Once there is a result it is to be on the screen, unless somebody is busy elsewhere.
function bringIn(doc) {
  if (document.activeElement !== document.body && document.activeElement !== $("files") && document.activeElement !== $("example")) return;
  if (documents.find((one) => one.pages.length) === doc) (isNarrow() ? $(`document-${doc.id}`) : $("results")).scrollIntoView({ block: "start" });
}

function showAll() {
  documents.forEach((doc) => show(doc));
}

// Said and seen; what is seen goes after a while.
function tell(words) {
  const status = $("status");
  status.textContent = words;
  status.classList.add("seen");
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => status.classList.remove("seen"), TOLD_MS);
}

function askForKey() {
  $("key-wrong").textContent = key ? say("keyWrong") : "";
  $("key-form").hidden = false;
  $("key").focus();
}

// ---- giving out ----

const readOnes = () => documents.filter((doc) => doc.state === "done");
const allText = () => readOnes().map((doc) => textOf(doc, look().profile)).join("\n");
const asking = (doc) => ({ key, signal: doc.abort?.signal, language: $("text-language").value });

async function copyOut(text, button) {
  try {
    await copy(text, button);
    tell(say("copied"));
  } catch {
    tell(say("errors.clipboard"));
  }
}

async function drawn(doc, page, whole) {
  if (doc.file && DRAWN_HERE.test(doc.name)) return doc.file;
  return doc.job ? jobs.picture(doc.job, page.number, whole, asking(doc)) : picture(doc.file, page.number, doc.password, whole, asking(doc));
}

const { keepNow, keepSoon, goTo, lookAt, actions: mend } = mending({ documents, change, show, showTools, tell, asking, drawn });

const actions = {
  ...mend,
  copy: (doc, button) => copyOut(textOf(doc, look().profile), button),
  copyTable: copyOut,
  download: async (doc, format) => {
    const { profile } = look();
    if (format === "text") return saveText(stem(doc.name) + SUFFIXES.text, textOf(doc, profile));
    change(doc, { saving: true, saveError: null });
    tell(say("saving"));
    try {
      let name = stem(doc.name) + SUFFIXES[format];
      if (format === "json") saveJson(name, await replyOf(doc, profile, asking(doc)));
      else {
        const { blob, isArchive } = await written(doc, format, profile, asking(doc));
        name = isArchive ? `${stem(doc.name)}.zip` : name;
        save(name, blob);
      }
      tell(say("saved", { name }));
      change(doc, { saving: false });
    } catch (error) {
      if (error.name !== "AbortError") change(doc, { saving: false, saveError: known(error) });
    }
  },
  // The address of a page's picture: the file itself where the browser can draw it, or what the service draws of it.
  picture: (doc, page) => {
    if (!doc.pictures.has(page.number)) {
      const address = drawn(doc, page, false).then((blob) => URL.createObjectURL(blob));
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
  // What was read stays, and the rest can be read later.
  cancel: (doc) => {
    doc.abort.abort();
    if (doc.pages.length && doc.file) {
      discard(doc);
      change(doc, { state: "done", isStopped: true, goesOn: false, milliseconds: doc.milliseconds ?? 0, model: doc.model ?? doc.pages[0].model });
      keepNow(doc);
      tell(say("stopped", { n: doc.pages.length, all: doc.pages[0].of }));
    } else {
      discard(doc);
      change(doc, { state: "failed", error: new ReadingError("job_cancelled", "") });
      tell(say("errors.job_cancelled"));
    }
    work();
  },
  goOn: (doc) => {
    change(doc, { state: "waiting", goesOn: true });
    work();
  },
  remove: (doc) => {
    doc.abort?.abort();
    clearTimeout(doc.keeping);
    doc.keeping = null;
    forget(doc.key);
    for (const address of doc.pictures.values()) address.then(URL.revokeObjectURL, () => {});
    const index = documents.indexOf(doc);
    documents.splice(index, 1);
    discard(doc);
    $(`document-${doc.id}`).remove();
    tell(say("removed", { name: doc.name }));
    const next = documents[index] ?? documents[index - 1];
    (next ? $(`document-${next.id}`) : $("files")).focus();
    showTools();
    work();
  },
};

// ---- wiring ----

takeFiles(add, (words) => tell(say(words)));

// What is read in another way now is read again: images by the mode, PDFs by the text that they have. What was corrected stays as it is.
function readAgain(isMeant) {
  for (const doc of documents) {
    if (!isMeant(doc) || !doc.file || !["done", "failed"].includes(doc.state) || doc.error?.code === "file_too_large" || countSure(doc)) continue;
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
  for (const doc of documents) if (doc.state === "done" && (doc.file || doc.job) && !countSure(doc)) change(doc, { state: "waiting", error: null });
  work();
});

for (const id of ["diacritics", "tatweel", "digits", "unsure"]) $(id).addEventListener("change", showAll);

$("copy-all").addEventListener("click", (event) => copyOut(allText(), event.currentTarget));
$("text-all").addEventListener("click", () => saveText("rasm.txt", allText()));
$("json-all").addEventListener("click", async () => saveJson("rasm.json", await Promise.all(readOnes().map((doc) => replyOf(doc, look().profile, asking(doc))))));
$("pairs").addEventListener("click", async () => {
  tell(say("saving"));
  try {
    await savePairs(documents.filter((doc) => doc.pages.some((page) => page.lines?.some(isSure))), (doc, page) => drawn(doc, page, true));
    tell(say("saved", { name: "corrected-lines.zip" }));
  } catch (error) {
    console.error(error);
    tell(say("pairsFailed"));
  }
});
searchField($("find"), $("found"), { documents: () => documents, look: lookAt, goTo });

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

// What the tab had before it was loaded again: documents that the service has, and those that were corrected here.
async function comeBack() {
  const records = await kept();
  for (const { id, name } of jobs.stored()) {
    const record = records.find((one) => one.job === id);
    show(newDocument({ name, job: id, key: record?.id, corrections: record?.corrections ?? {} }));
  }
  for (const { id, name, file, results, ...values } of records.filter((one) => one.results)) {
    const pages = results.map((result) => pageOf(result));
    const doc = newDocument({ name, file, key: id, state: "done", abort: new AbortController(), ...values, pages });
    restore(pages, doc.corrections, lineOf);
    show(doc);
  }
  work();
}

// What is scrolled stops below the tools, in as many rows as they have.
new ResizeObserver(() => document.documentElement.style.setProperty("--tools", `${$("tools").offsetHeight}px`)).observe($("tools"));

writeWords();
showTools();
comeBack();

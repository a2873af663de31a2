// Documents as elements: what is known of one, what can be done with it, one of its pages (lines.js), and a switch between them.
// Only elements and text are made here, never HTML.

import { element } from "./elements.js";
import { pageView } from "./lines.js";
import { number, percent, say, sayError } from "./words.js";

const FORMATS = ["text", "markdown", "docx", "pdf", "html", "xlsx", "csv", "json", "hocr", "alto", "page"];

// The whole of one document. `look` is {profile, markUncertain}; `actions` are functions of the document by name. Of the `old` element the page
// stays as it is, if it is the one that is looked at: whoever corrects it is not disturbed by what is said around it.
export function documentView(doc, look, actions, old = null) {
  const title = element("h3", { id: `name-${doc.id}` }, element("bdi", {}, doc.name));
  const header = element("header", {}, title, element("p", { className: "facts" }), buttons(doc, actions));
  const above = [header];
  if (doc.state === "reading" && doc.progress) above.push(element("progress", { ariaLabel: say("progressOf", { name: doc.name }) }));
  if (doc.state === "failed") above.push(wrong(doc.error));
  if (doc.state === "failed" && doc.error.code === "encrypted_document") above.push(passwordForm(doc, actions));
  if (doc.saveError) above.push(wrong(doc.saveError));
  const below = [];
  if (doc.isStopped) below.push(element("p", { className: "small" }, say("stopped", { n: doc.pages.length, all: doc.pages[0]?.of ?? doc.pages.length })));
  if (doc.state === "done" && doc.unmarked) below.push(element("p", { className: "small" }, say("unmarked")));

  const isRead = doc.state === "done" || (doc.state === "reading" && doc.pages.length > 0);
  const shown = [...(old?.children ?? [])].find((child) => child.page && child.page === doc.pages[doc.shown]);
  if (isRead && countPages(doc) > 1) above.push(switcher(doc, actions));
  const article = isRead && shown ? old : element("article", { id: `document-${doc.id}`, tabIndex: -1 });
  article.className = `document ${doc.state}`;
  article.setAttribute("aria-labelledby", title.id);
  if (isRead && shown) {
    for (const child of [...article.children]) if (child !== shown) child.remove();
    shown.before(...above);
    shown.after(...below);
  } else article.append(...above, ...(isRead ? [onePage(doc, look, actions)] : []), ...below);
  showProgress(article, doc);
  return article;
}

function onePage(doc, look, actions) {
  const page = doc.pages[doc.shown];
  if (page.error) return element("section", { className: "page" }, wrong(page.error));
  const alt = countPages(doc) > 1 ? say("pictureOfPage", { name: doc.name, n: page.number }) : say("picture", { name: doc.name });
  return pageView(doc, page, alt, look, actions);
}

// Of a document that is being read, how many it has in all.
export const countPages = (doc) => (doc.state === "reading" && (doc.progress?.pages || doc.pages[0]?.of)) || doc.pages.length;

// Adds pages that have been read since to the document's element. What is there of it stays, and so does the focus.
export function showNewPages(article, doc, areFirst, look, actions) {
  if (areFirst) {
    article.append(...(countPages(doc) > 1 ? [switcher(doc, actions)] : []), onePage(doc, look, actions));
    return;
  }
  const old = article.querySelector(".switcher"); // a first page that was read by itself has none
  const [held] = Object.entries(old?.parts ?? {}).find(([, part]) => part === document.activeElement) ?? [];
  const made = switcher(doc, actions);
  if (old) old.replaceWith(made);
  else article.querySelector(".page").before(made);
  if (held) made.parts[held].focus();
}

// Writes how far it is into the document's element. The bar goes to and fro until the number of pages is known.
export function showProgress(article, doc) {
  article.querySelector(".facts").textContent = facts(doc);
  const bar = article.querySelector("progress");
  if (!bar) return;
  bar.ariaValueText = facts(doc);
  if (doc.progress.pages) Object.assign(bar, { max: doc.progress.pages, value: doc.progress.pages_done });
}

function facts(doc) {
  if (doc.state === "waiting") return say("waiting");
  if (doc.state === "reading" && doc.busySeconds) return say(doc.isLost ? "lost" : "busy", { seconds: doc.busySeconds });
  if (doc.state === "reading") return doc.progress ? far(doc) : say("reading");
  if (doc.state === "failed") return "";
  const [page] = doc.pages;
  const isLong = doc.milliseconds >= 10_000;
  const said = [say(isLong ? "seconds" : "milliseconds", { n: isLong ? doc.milliseconds / 1000 : doc.milliseconds })];
  const failed = doc.pages.filter((one) => one.error).length;
  if (doc.pages.length > 1) {
    said.unshift(say("pages", { n: doc.pages.length }));
    if (failed) said.push(say("pagesFailed", { n: failed }));
    const warned = doc.pages.filter((one) => one.warnings.length).length;
    if (warned) said.push(say("pagesWarned", { n: warned }));
  } else said.unshift(say("size", { width: page.width, height: page.height }), say("confidence", { confidence: percent(page.confidence) }));
  return [...said, `\u2068${doc.model.name} ${doc.model.version}\u2069`].join(" · ");
}

function far(doc) {
  const { state, pages, pages_done: done } = doc.progress;
  if (state === "sending") return say("sending");
  if (state !== "running") return say("queued");
  const left = remaining(doc);
  return [say("pagesRead", { done, pages }), ...(left ? [left] : [])].join(" · ");
}

// How long the rest will take, as the pages so far have taken; nothing before two of them.
function remaining({ progress, since }) {
  const { pages, pages_done: done } = progress;
  if (!since?.last || since.last - since.done < 2) return "";
  const each = (since.at - since.when) / (since.last - since.done);
  const seconds = Math.max(0, (each * (pages - done) - (Date.now() - since.at)) / 1000);
  return seconds < 90 ? say("secondsLeft", { n: Math.max(1, Math.round(seconds / 5) * 5) }) : say("minutesLeft", { n: Math.round(seconds / 60) });
}

function wrong(error) {
  return element("p", { className: "wrong" }, element("bdi", {}, sayError(error)));
}

function buttons(doc, actions) {
  const made = [];
  if (doc.state === "done") made.push(button("copy", doc, actions), downloads(doc, actions));
  if (doc.state === "reading" && (doc.progress || doc.pages.length)) made.push(button("cancel", doc, actions));
  if (doc.isStopped && doc.file) made.push(button("goOn", doc, actions));
  if (doc.state === "failed" && (doc.file || doc.job) && mayPass(doc.error)) made.push(button("again", doc, actions));
  made.push(button("remove", doc, actions));
  return element("div", { className: "actions" }, ...made);
}

function button(name, doc, actions) {
  const label = say(`${name}Of`, { name: doc.name });
  return element("button", { type: "button", ariaLabel: label, onclick: (event) => actions[name](doc, event.currentTarget) }, say(name));
}

// A menu that the browser opens and closes by itself; Escape, and going elsewhere, close it too.
function downloads(doc, actions) {
  const summary = element("summary", { className: "button", ariaLabel: say("downloadOf", { name: doc.name }) }, say(doc.saving ? "saving" : "download"));
  const choices = FORMATS.map((format) => {
    const label = say("downloadAs", { name: doc.name, format: say(format) });
    const choose = () => {
      menu.open = false;
      summary.focus();
      actions.download(doc, format);
    };
    return element("button", { type: "button", ariaLabel: label, onclick: choose }, say(format));
  });
  const menu = element("details", { className: "menu" }, summary, element("div", {}, ...choices));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    summary.focus();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  return menu;
}

function passwordForm(doc, actions) {
  const field = element("input", { type: "password", id: `password-${doc.id}`, autocomplete: "off", dir: "ltr", required: true });
  const label = element("label", { htmlFor: field.id }, say("password"));
  const form = element("form", { className: "key" }, label, field, element("button", { type: "submit", className: "button" }, say("open")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    actions.unlock(doc, field.value);
  });
  return form;
}

function switcher(doc, actions) {
  const last = doc.pages.length - 1;
  const step = (name, to) => element("button", { type: "button", disabled: to < 0 || to > last, onclick: () => actions.turn(doc, to, name) }, say(name));
  const choice = element("select", { onchange: () => actions.turn(doc, Number(choice.value), "page") });
  doc.pages.forEach((page, i) => choice.append(element("option", { value: i, selected: i === doc.shown }, `${number(page.number)}${page.error ? " ✕" : page.warnings.length ? " !" : ""}`)));
  const label = element("label", {}, say("pageWord"), " ", choice, " ", say("ofPages", { n: countPages(doc) }));
  const nav = element("nav", { className: "switcher", ariaLabel: say("pagesOf", { name: doc.name }) }, step("previous", doc.shown - 1), label, step("next", doc.shown + 1));
  const [previous, next] = nav.querySelectorAll("button");
  nav.parts = { previous, next, page: choice };
  return nav;
}

// Whether trying again may help: no answer came, the service was busy or at fault, or the job has ended for any reason.
function mayPass({ code, status }) {
  return status === 0 || status === 408 || status === 429 || status >= 500 || code === "job_not_found";
}

// Documents as elements: a picture of one page with a frame for each line, and the lines' texts beside it; a switch between pages.
// Pointing at a line, or moving to it with the arrow keys, shows its frame and tells its place and confidence; pointing at a
// frame shows its line. Tables are tables, with their lines in the cells. What looks like text and was not read has a broken frame of another colour, and a legend says so.
// Only elements and text are made here, never HTML.

import { applyProfile, pieces } from "./profile.js";
import { list, number, percent, say, sayError, sayWarning } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const FORMATS = ["text", "markdown", "docx", "pdf", "html", "xlsx", "csv", "json", "hocr", "alto", "page"];
const WIDE = 3.2; // a page this many times as wide as high has its text below, not beside
const NARROW = "(max-width: 48rem)"; // as in page.css

export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function shape(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

// The whole of one document. `look` is {profile, markUncertain}; `actions` are functions of the document by name.
export function documentView(doc, look, actions) {
  const article = element("article", { id: `document-${doc.id}`, className: `document ${doc.state}`, tabIndex: -1 });
  const title = element("h3", { id: `name-${doc.id}` }, element("bdi", {}, doc.name));
  article.setAttribute("aria-labelledby", title.id);
  const header = element("header", {}, title, element("p", { className: "facts" }), buttons(doc, actions));
  article.append(header);
  if (doc.state === "reading" && doc.progress) article.append(element("progress", { ariaLabel: say("progressOf", { name: doc.name }) }));
  showProgress(article, doc);
  if (doc.state === "failed") article.append(wrong(doc.error));
  if (doc.state === "failed" && doc.error.code === "encrypted_document") article.append(passwordForm(doc, actions));
  if (doc.saveError) article.append(wrong(doc.saveError));
  if (doc.state === "done" || (doc.state === "reading" && doc.pages.length)) article.append(...pagesView(doc, look, actions));
  if (doc.state === "done" && doc.unmarked) article.append(element("p", { className: "small" }, say("unmarked")));
  return article;
}

function pagesView(doc, look, actions) {
  const page = pageView(doc, doc.pages[doc.shown], look, actions);
  return countPages(doc) > 1 ? [switcher(doc, actions), page] : [page];
}

// Of a document that is being read, how many it has in all.
export const countPages = (doc) => (doc.state === "reading" && doc.progress?.pages) || doc.pages.length;

// Adds pages that have been read since to the document's element. What is there of it stays, and so does the focus.
export function showNewPages(article, doc, areFirst, look, actions) {
  if (areFirst) {
    article.append(...pagesView(doc, look, actions));
    return;
  }
  const old = article.querySelector(".switcher");
  const [held] = Object.entries(old.parts).find(([, part]) => part === document.activeElement) ?? [];
  const made = switcher(doc, actions);
  old.replaceWith(made);
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
  if (doc.state === "reading") return doc.progress ? far(doc.progress) : say("reading");
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

function far({ state, pages, pages_done: done }) {
  if (state === "sending") return say("sending");
  return pages && state !== "queued" ? say("pagesRead", { done, pages }) : say("queued");
}

function wrong(error) {
  return element("p", { className: "wrong" }, element("bdi", {}, sayError(error)));
}

function buttons(doc, actions) {
  const made = [];
  if (doc.state === "done") made.push(button("copy", doc, actions), downloads(doc, actions));
  if (doc.state === "reading" && doc.progress) made.push(button("cancel", doc, actions));
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

function pageView(doc, page, look, actions) {
  if (page.error) return element("section", { className: "page" }, wrong(page.error));
  const section = element("section", { className: page.width > WIDE * page.height ? "page wide" : "page" });
  const overlay = shape("svg", { viewBox: `0 0 ${page.width} ${page.height}`, "aria-hidden": "true" });
  const place = element("figcaption", { className: "place" });
  const lines = element("ol", { className: page.kind === "page" ? "lines of-page" : "lines", lang: page.language ?? "und", dir: "rtl", ariaLabel: say("linesOf", { name: doc.name }) });
  lines.setAttribute("role", "list"); // which Safari forgets of lists without markers

  const tableOf = new Map(page.tables.flatMap((table) => table.lines.map((i) => [i, table])));
  const rows = page.lines.map((line, i) => {
    const frame = shape("rect", { class: "frame", ...rectangle(line.box) });
    overlay.append(frame);
    const row = lineView(doc, line, i, look, tableOf.has(i) ? "span" : "li");
    return { line, row, frame };
  });
  const shown = new Set();
  rows.forEach(({ row }, i) => {
    const table = tableOf.get(i);
    if (!table) lines.append(row);
    else if (!shown.has(table)) lines.append(tableView(doc, page, table, rows, look, actions));
    shown.add(table);
  });
  const sign = shape("rect", { class: "sign" });
  overlay.append(sign);
  for (const unread of page.unread) {
    const frame = shape("rect", { class: "frame unread", ...rectangle(unread.box) });
    frame.addEventListener("pointerenter", () => (place.textContent = unreadPlace(unread)));
    overlay.append(frame);
  }

  const show = (index) => {
    rows.forEach(({ row, frame }, i) => {
      row.classList.toggle("shown", i === index);
      frame.classList.toggle("shown", i === index);
    });
    place.textContent = placeOf(rows[index].line, index, look);
  };
  if (rows.length === 0) place.textContent = "";
  else place.textContent = rows.length === 1 ? placeOf(rows[0].line, 0, look) : say("hint");
  const go = (index) => {
    rows.forEach(({ row }, i) => (row.tabIndex = i === index ? 0 : -1));
    rows[index].row.focus();
  };
  rows.forEach(({ row, frame }, i) => {
    row.tabIndex = i === 0 ? 0 : -1;
    row.addEventListener("pointerenter", () => show(i));
    row.addEventListener("focus", () => show(i));
    row.addEventListener("keydown", (event) => {
      const to = { ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: rows.length - 1 }[event.key];
      if (to === undefined || !rows[to]) return;
      event.preventDefault();
      go(to);
    });
    row.addEventListener("pointerover", (event) => {
      const box = event.target.box;
      sign.classList.toggle("shown", Boolean(box));
      if (box) for (const [name, value] of Object.entries(rectangle(box))) sign.setAttribute(name, value);
    });
    row.addEventListener("pointerleave", () => sign.classList.remove("shown"));
    frame.addEventListener("pointerenter", () => show(i));
    frame.addEventListener("click", () => go(i));
  });

  const isEmpty = page.lines.every((line) => !line.textAsRead);
  const nothing = () => element("p", { className: "nothing" }, say(page.unread.length ? "emptyUnread" : "empty"));
  section.append(...warningsView(page), pictureView(doc, page, overlay, place, actions), isEmpty ? nothing() : lines);
  return section;
}

// What its reader should know, but for what is said where the text would be.
function warningsView(page) {
  const told = page.warnings.filter(({ code }) => code !== "no-text");
  if (!told.length) return [];
  return [element("ul", { className: "warnings" }, ...told.map((warning) => element("li", {}, sayWarning(warning, page.unread.length))))];
}

function unreadPlace({ reason, text, confidence }) {
  return [say(`unread.${reason}`), ...(text ? [say("unreadAs", { text: `\u2068${text}\u2069`, confidence: percent(confidence) })] : [])].join(" · ");
}

function legend() {
  const entry = (name) => element("li", { className: name }, say(`legend.${name}`));
  return element("ul", { className: "legend small" }, entry("read"), entry("unread"));
}

function pictureView(doc, page, overlay, place, actions) {
  const alt = countPages(doc) > 1 ? say("pictureOfPage", { name: doc.name, n: page.number }) : say("picture", { name: doc.name });
  const blank = () => shape("svg", { viewBox: `0 0 ${page.width} ${page.height}`, class: "blank", "aria-hidden": "true" });
  const image = element("img", { alt, width: page.width, height: page.height });
  const waiting = blank();
  const frame = element("div", { className: "picture" }, waiting, overlay);
  // on a phone a line is shown larger than it fits, and moved sideways, beginning at its right end
  const strip = element("div", { className: "strip", dir: "rtl" }, frame);
  strip.style.setProperty("--ratio", page.width / page.height);
  if (matchMedia(NARROW).matches && page.width > WIDE * page.height) {
    strip.tabIndex = 0;
    strip.setAttribute("role", "group");
    strip.ariaLabel = alt;
  }
  const fail = () => {
    frame.classList.add("not-shown");
    if (image.isConnected) image.replaceWith(blank());
    strip.after(element("p", { className: "small" }, say("notShown")));
  };
  actions.picture(doc, page).then((address) => {
    image.addEventListener("error", fail);
    image.src = address;
    waiting.replaceWith(image);
  }, fail);
  const figure = element("figure", {}, strip, place);
  if (page.unread.length) figure.append(legend());
  if (page.source === "text_layer") figure.append(element("p", { className: "small" }, say("fromPdfText")));
  return figure;
}

// A table in the list of lines, with a button that copies it as spreadsheets take it: tabs between cells, a line a row.
function tableView(doc, page, table, rows, look, actions) {
  const text = ({ lines }) => lines.map((i) => applyProfile(page.lines[i].textAsRead, look.profile)).join(" ");
  const height = Math.max(...table.cells.map((cell) => cell.row + cell.rowSpan));
  const width = Math.max(...table.cells.map((cell) => cell.column + cell.columnSpan));
  const made = element("table", { dir: table.direction });
  const plain = [];
  for (let n = 0; n < height; n++) {
    const row = element("tr");
    plain.push(Array(width).fill(""));
    for (const cell of table.cells.filter((one) => one.row === n)) {
      const tag = n < table.headRows ? "th" : "td";
      row.append(element(tag, { rowSpan: cell.rowSpan, colSpan: cell.columnSpan }, ...cell.lines.map((i) => rows[i].row)));
      plain[n][cell.column] = text(cell).replace(/\s+/g, " ");
    }
    made.append(row);
  }
  const copied = plain.map((row) => row.join("\t")).join("\n");
  const button = element("button", { type: "button", onclick: () => actions.copyTable(copied, button) }, say("copyTable"));
  const item = element("li", { className: "of-table" }, element("div", { className: "scroll" }, made), button);
  item.style.counterIncrement = `line ${table.lines.length}`; // the numbers of the lines after it
  return item;
}

function lineView(doc, line, index, look, tag) {
  const detail = element("span", { id: `line-${doc.id}-${index}`, className: "unseen", dir: "auto" }, describe(line, index, look));
  const share = element("span", { className: "share", ariaHidden: "true", dir: "ltr" }, percent(line.confidence));
  const row = element(tag, { className: line.opens && index ? "opens" : "" }, element("span", { className: "text", dir: line.direction }, ...textOf(line, look)), share, detail);
  row.setAttribute("aria-describedby", detail.id);
  return row;
}

function textOf(line, look) {
  return pieces(line, look.profile).map((piece) => {
    if (!piece.uncertain || !look.markUncertain) return piece.text;
    const mark = element("mark", { title: `${percent(piece.confidence)}` }, piece.text);
    mark.box = piece.box;
    return mark;
  });
}

function placeOf(line, index, look) {
  const { left, top, right, bottom } = line.box;
  const values = { n: index + 1, x: left, y: top, width: right - left, height: bottom - top, confidence: percent(line.confidence) };
  return [say("place", values), ...uncertainOf(line, look)].join(" · ");
}

function describe(line, index, look) {
  return list([say("lineDetail", { n: index + 1, confidence: percent(line.confidence) }), ...uncertainOf(line, look)]);
}

function uncertainOf(line, look) {
  const uncertain = pieces(line, look.profile).filter((piece) => piece.uncertain);
  if (!uncertain.length || !look.markUncertain) return [];
  const named = uncertain.slice(0, 12).map((piece) => `\u2068${piece.text.trim() || "␣"}\u2069 ${percent(piece.confidence)}`);
  return [say("uncertain", { list: list(named) + (uncertain.length > 12 ? " …" : "") })];
}

function rectangle({ left, top, right, bottom }) {
  return { x: left, y: top, width: right - left, height: bottom - top };
}

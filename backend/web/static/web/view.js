// Documents as elements: a picture of one page with a frame for each line, and the lines' texts beside it; a switch between pages.
// Pointing at a line, or moving to it with the arrow keys, shows its frame and tells its place and confidence; pointing at a
// frame shows its line. A click, Enter or typing opens a line, to be corrected (editor.js). Tables are tables, with their lines in the cells.
// Only elements and text are made here, never HTML.

import { isChanged, isSure, orderOf, rowsOf, textOfLine } from "./corrections.js";
import { doubtful, lineEditor } from "./editor.js";
import { element, shape } from "./elements.js";
import { isWide, pictureView } from "./picture.js";
import { applyProfile, pieces } from "./profile.js";
import { list, number, percent, say, sayError, sayWarning } from "./words.js";

const FORMATS = ["text", "markdown", "docx", "pdf", "html", "xlsx", "csv", "json", "hocr", "alto", "page"];

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
  if (doc.isStopped) article.append(element("p", { className: "small" }, say("stopped", { n: doc.pages.length, all: doc.pages[0]?.of ?? doc.pages.length })));
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

function pageView(doc, page, look, actions) {
  if (page.error) return element("section", { className: "page" }, wrong(page.error));
  const section = element("section", { className: isWide(page) ? "page wide" : "page" });
  const overlay = shape("svg", { viewBox: `0 0 ${page.width} ${page.height}`, "aria-hidden": "true" });
  const place = element("figcaption", { className: "place" });
  const lines = element("ol", { className: page.kind === "page" ? "lines of-page" : "lines", lang: page.language ?? "und", dir: "rtl", ariaLabel: say("linesOf", { name: doc.name }) });
  lines.setAttribute("role", "list"); // which Safari forgets of lists without markers

  const order = orderOf(page);
  const tableOf = new Map(page.tables.flatMap((table) => table.lines.map((i) => [i, table])));
  // in the order of reading; `index` is the line's in the page
  const rows = order.map((index) => {
    const line = page.lines[index];
    const frame = shape("rect", { class: "frame", ...rectangle(line.box) });
    overlay.append(frame);
    return { line, index, frame, row: element(tableOf.has(index) ? "span" : "li") };
  });
  const rowOf = new Map(rows.map((one) => [one.index, one]));
  rows.forEach((one, n) => fillRow(doc, one, n, look));
  const shown = new Set();
  for (const { row, index } of rows) {
    const table = tableOf.get(index);
    if (!table) lines.append(row);
    else if (!shown.has(table)) lines.append(tableView(page, table, rowOf, look, actions));
    shown.add(table);
  }
  const sign = shape("rect", { class: "sign" });
  overlay.append(sign);

  const alt = countPages(doc) > 1 ? say("pictureOfPage", { name: doc.name, n: page.number }) : say("picture", { name: doc.name });
  const figure = pictureView(doc, page, { overlay, place, alt }, actions);
  const show = (n) => {
    rows.forEach(({ row, frame }, i) => {
      row.classList.toggle("shown", i === n);
      frame.classList.toggle("shown", i === n);
    });
    place.textContent = placeOf(rows[n].line, n, look);
  };
  if (rows.length === 0) place.textContent = "";
  else place.textContent = rows.length === 1 ? placeOf(rows[0].line, 0, look) : say("hint");
  const reach = (n) => rows.forEach(({ row }, i) => (row.tabIndex = i === n ? 0 : -1));
  const go = (n) => {
    reach(n);
    rows[n].row.focus();
  };
  const edit = editing(doc, page, rows, { show, reach, go, figure }, look, actions);
  rows.forEach(({ row, frame, line }, i) => {
    row.tabIndex = i === 0 ? 0 : -1;
    row.addEventListener("pointerenter", () => show(i));
    row.addEventListener("focus", () => {
      show(i);
      figure.showBox(line.box);
    });
    row.addEventListener("keydown", (event) => {
      if (event.target !== row) return;
      const to = { ArrowDown: i + 1, ArrowUp: i - 1, Home: 0, End: rows.length - 1 }[event.key];
      const isTyping = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
      if (event.key === "Enter" || event.key === "F2") edit(i);
      else if (event.key === "F8") actions.doubt(doc, doc.pages.indexOf(page), i, event.shiftKey ? -1 : 1, event.shiftKey ? 0 : -1);
      else if ((event.ctrlKey || event.metaKey) && event.code === "KeyZ") actions.undo(doc);
      else if (isTyping) edit(i).put(event.key);
      else if (to !== undefined && rows[to] && !event.altKey) go(to);
      else return;
      event.preventDefault();
    });
    row.addEventListener("click", (event) => {
      if (event.target.closest(".editor") || !getSelection().isCollapsed) return;
      edit(i, caretAt(event, line, row));
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

  const isEmpty = page.lines.every((line) => !textOfLine(line));
  const nothing = () => element("p", { className: "nothing" }, say(page.unread.length ? "emptyUnread" : "empty"));
  section.append(...warningsView(page), figure, isEmpty ? nothing() : lines);
  section.go = (index, select) => {
    const n = rows.findIndex((one) => one.index === index);
    if (select) edit(n, select);
    else {
      go(n);
      rows[n].row.scrollIntoView({ block: "nearest" });
    }
  };
  return section;
}

// Opens lines of a page, one at a time: `edit(n, select)`, which gives the editor.
function editing(doc, page, rows, { show, reach, go, figure }, look, actions) {
  let opened = null;
  const close = () => {
    if (!opened) return;
    const { editor, n, before } = opened;
    opened = null;
    editor.remove();
    rows[n].row.classList.remove("open");
    fillRow(doc, rows[n], n, look);
    actions.corrected(doc, page, rows[n].index, before);
  };
  const edit = (n, select) => {
    close();
    const { row, line, index } = rows[n];
    const before = { corrected: line.corrected, isChecked: line.isChecked };
    const on = {
      text: (text) => {
        line.corrected = text;
        actions.keep(doc);
      },
      leave: () => {
        close();
        go(n);
      },
      step: (by) => {
        if (by > 0) check(line);
        if (rows[n + by]) edit(n + by);
        else {
          close();
          go(n);
          actions.turnTo(doc, doc.pages.indexOf(page) + by, by);
        }
      },
      doubt: (by, caret) => {
        check(line, by > 0 && !doubtful(line).some(({ from }) => from >= caret));
        actions.doubt(doc, doc.pages.indexOf(page), n, by, caret);
      },
      undo: () => actions.undo(doc),
    };
    const editor = lineEditor({ doc, page, line, index: n, address: actions.picture(doc, page), select }, on);
    opened = { editor, n, before };
    row.classList.add("open");
    row.append(editor);
    show(n);
    reach(n);
    figure.showBox(line.box);
    editor.start();
    return editor;
  };
  return edit;
}

// A line that was left with Enter, or of which all that was doubtful was looked at, is right as it stands.
function check(line, isSeen = true) {
  if (isSeen) Object.assign(line, { corrected: textOfLine(line), isChecked: true });
}

// Where in the text was clicked.
function caretAt(event, line, row) {
  const position = document.caretPositionFromPoint?.(event.clientX, event.clientY);
  const text = row.querySelector(".text");
  if (!position || !text.contains(position.offsetNode)) return undefined;
  const range = document.createRange();
  range.setStart(text, 0);
  range.setEnd(position.offsetNode, position.offset);
  const at = Math.min(range.toString().length, textOfLine(line).length);
  return { from: at, to: at };
}

// What its reader should know, but for what is said where the text would be, or under the picture.
function warningsView(page) {
  const told = page.warnings.filter(({ code }) => code !== "no-text");
  if (!told.length) return [];
  return [element("ul", { className: "warnings" }, ...told.map((warning) => element("li", {}, sayWarning(warning, page.unread.length))))];
}

// A table in the list of lines, with a button that copies it as spreadsheets take it: tabs between cells, a line a row.
function tableView(page, table, rowOf, look, actions) {
  const height = Math.max(...table.cells.map((cell) => cell.row + cell.rowSpan));
  const made = element("table", { dir: table.direction });
  for (let n = 0; n < height; n++) {
    const row = element("tr");
    for (const cell of table.cells.filter((one) => one.row === n)) {
      const tag = n < table.headRows ? "th" : "td";
      row.append(element(tag, { rowSpan: cell.rowSpan, colSpan: cell.columnSpan }, ...cell.lines.map((i) => rowOf.get(i).row)));
    }
    made.append(row);
  }
  const text = ({ lines }) => lines.map((i) => applyProfile(textOfLine(page.lines[i]), look.profile)).join(" ").replace(/\s+/g, " ");
  const copied = () => rowsOf(table, text).map((row) => row.join("\t")).join("\n");
  const button = element("button", { type: "button", onclick: () => actions.copyTable(copied(), button) }, say("copyTable"));
  const item = element("li", { className: "of-table" }, element("div", { className: "scroll" }, made), button);
  item.style.counterIncrement = `line ${table.lines.length}`; // the numbers of the lines after it
  return item;
}

// Writes a line into its row; `n` counts in the order of reading.
function fillRow(doc, { row, line, index }, n, look) {
  const detail = element("span", { id: `line-${doc.id}-${index}`, className: "unseen", dir: "auto" }, describe(line, n, look));
  const isMine = isSure(line);
  const share = element("span", { className: isMine ? "share mine" : "share", ariaHidden: "true", dir: "ltr" }, isMine ? "✓" : percent(line.confidence));
  row.classList.toggle("opens", Boolean(line.opens && n));
  row.classList.toggle("corrected", isMine);
  row.replaceChildren(element("span", { className: "text", dir: line.direction }, ...textOf(line, look)), share, detail);
  row.setAttribute("aria-describedby", detail.id);
}

function textOf(line, look) {
  if (line.corrected !== undefined) return [applyProfile(line.corrected, look.profile)];
  return pieces(line, look.profile).map((piece) => {
    if (!piece.uncertain || !look.markUncertain) return piece.text;
    const mark = element("mark", { title: `${percent(piece.confidence)}` }, piece.text);
    mark.box = piece.box;
    return mark;
  });
}

function placeOf(line, n, look) {
  const { left, top, right, bottom } = line.box;
  const values = { n: n + 1, x: left, y: top, width: right - left, height: bottom - top, confidence: percent(line.confidence) };
  return [say("place", values), ...uncertainOf(line, look)].join(" · ");
}

function describe(line, n, look) {
  const state = isChanged(line) ? [say("lineCorrected")] : isSure(line) ? [say("lineChecked")] : uncertainOf(line, look);
  return list([say("lineDetail", { n: n + 1, confidence: percent(line.confidence) }), ...state]);
}

function uncertainOf(line, look) {
  if (line.corrected !== undefined) return [];
  const uncertain = pieces(line, look.profile).filter((piece) => piece.uncertain);
  if (!uncertain.length || !look.markUncertain) return [];
  const named = uncertain.slice(0, 12).map((piece) => `\u2068${piece.text.trim() || "␣"}\u2069 ${percent(piece.confidence)}`);
  return [say("uncertain", { list: list(named) + (uncertain.length > 12 ? " …" : "") })];
}

function rectangle({ left, top, right, bottom }) {
  return { x: left, y: top, width: right - left, height: bottom - top };
}

// One page as elements: its picture with a frame for each line, and the lines' texts beside it. Pointing at a line, or moving to it with the
// arrow keys, shows its frame and tells its place and confidence; pointing at a frame shows its line. A click, Enter or typing opens a line,
// to be corrected (editor.js). Tables are tables, with their lines in the cells. Only elements and text are made here, never HTML.

import { isChanged, isSure, orderOf, rowsOf, textOfLine } from "./corrections.js";
import { doubtful, lineEditor } from "./editor.js";
import { element, rectangle, setAll, shape } from "./elements.js";
import { isByFinger, isWide, pictureView } from "./picture.js";
import { applyProfile, pieces } from "./profile.js";
import { list, percent, say, sayWarning } from "./words.js";

// The section knows its `page`, and goes to a line of it: `go(index, select)` opens the line if something is to be selected there. `look(index)`
// shows it. `leave()` closes the open line, and gives {index, select} of it, to come back to.
export function pageView(doc, page, alt, look, actions) {
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

  const figure = pictureView(doc, page, { overlay, place, alt }, actions);
  const show = (n) => {
    rows.forEach(({ row, frame }, i) => {
      row.classList.toggle("shown", i === n);
      frame.classList.toggle("shown", i === n);
    });
    place.textContent = placeOf(rows[n].line, n, look);
  };
  if (rows.length === 0) place.textContent = "";
  else place.textContent = rows.length === 1 ? placeOf(rows[0].line, 0, look) : say(isByFinger() ? "hintTouch" : "hint");
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
      if (box) setAll(sign, rectangle(box));
    });
    row.addEventListener("pointerleave", () => sign.classList.remove("shown"));
    frame.addEventListener("pointerenter", () => show(i));
    frame.addEventListener("click", () => go(i));
  });

  const isEmpty = page.lines.every((line) => !textOfLine(line));
  const nothing = () => element("p", { className: "nothing" }, say(page.unread.length ? "emptyUnread" : "empty"));
  section.append(...warningsView(page), figure, isEmpty ? nothing() : lines);
  section.page = page;
  section.leave = edit.leave;
  const numberOf = (index) => rows.findIndex((one) => one.index === index);
  section.look = (index) => {
    const n = numberOf(index);
    show(n);
    figure.showBox(rows[n].line.box);
    rows[n].row.scrollIntoView({ block: "nearest" });
  };
  section.go = (index, select) => {
    const n = numberOf(index);
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
  edit.leave = () => {
    const left = opened && { index: rows[opened.n].index, select: opened.editor.selected() };
    close();
    return left;
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

// What spreadsheets take for a formula, as in rasm/formats/spreadsheet.py.
const FORMULA = /^(?:[=@]|[+-](?![\d\s٠-٩.,٫٬%()+-]*$))/u;

// A cell as it is pasted: it runs nothing, and a quotation mark at its beginning does not take in the cells after it.
function pasted(text) {
  if (FORMULA.test(text)) return `'${text}`;
  return text.startsWith('"') ? `"${text.replaceAll('"', '""')}"` : text;
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
  const copied = () => rowsOf(table, text).map((row) => row.map(pasted).join("\t")).join("\n");
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

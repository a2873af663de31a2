// Correcting: what is done to the lines of documents, kept so that it outlives the page, and undone; areas that are read by hand.

import { addLines, corrections, orderOf, textOfLine } from "./corrections.js";
import { crop } from "./crops.js";
import { doubtful } from "./editor.js";
import { lineOf, read } from "./reading.js";
import { keep } from "./store.js";
import { countPages } from "./view.js";
import { say } from "./words.js";

const KEEP_AFTER_MS = 600; // of the last letter that was typed

const $ = (id) => document.getElementById(id);

// Functions of the page at / are given; those of a document that its view asks for are given back, with `keepNow`, `keepSoon`, `goTo` and `lookAt`.
export function mending({ documents, change, show, showTools, tell, asking, drawn }) {
  // Kept a while after the last letter. Of a job's document the service has the rest.
  function keepSoon(doc) {
    clearTimeout(doc.keeping);
    doc.keeping = setTimeout(() => keepNow(doc), KEEP_AFTER_MS);
  }

  async function keepNow(doc) {
    clearTimeout(doc.keeping);
    doc.keeping = null;
    Object.assign(doc.corrections, corrections(doc));
    const isWhole = !doc.job || doc.before.length > 0;
    const { key: id, name, job, file, how, model, milliseconds } = doc;
    const raw = doc.pages.map((page) => page.rawAsRead ?? page.raw);
    const record = { id, name, job, how, model, milliseconds, isStopped: doc.isStopped, corrections: doc.corrections };
    const isKept = await keep({ ...record, file: isWhole ? file : null, results: isWhole ? raw : null });
    if (!isKept && !keepNow.told) tell(say("notKept"));
    keepNow.told ||= !isKept;
  }

  addEventListener("pagehide", () => documents.filter((doc) => doc.keeping).forEach(keepNow));

  // The next doubtful sign after (or before) a place: of this line, of the lines after it, of the next pages.
  function nextDoubt(doc, shown, n, by, caret) {
    for (let p = shown; p >= 0 && p < doc.pages.length; p += by) {
      const page = doc.pages[p];
      if (page.error) continue;
      const order = orderOf(page);
      const from = p !== shown ? (by > 0 ? 0 : order.length - 1) : n;
      for (let k = from; k >= 0 && k < order.length; k += by) {
        const all = doubtful(page.lines[order[k]]);
        const isHere = p === shown && k === n;
        const fit = all.filter((one) => !isHere || (by > 0 ? one.from >= caret : one.to <= caret));
        const select = by > 0 ? fit[0] : fit.at(-1);
        if (select) return { shown: p, index: order[k], select };
      }
    }
    return null;
  }

  function goTo({ doc, shown, index, select }) {
    pageOf(doc, shown).go(index, select);
  }

  // Shows a line, and leaves the focus where it is.
  function lookAt({ doc, shown, index }) {
    pageOf(doc, shown).look(index);
  }

  function pageOf(doc, shown) {
    if (doc.shown !== shown) change(doc, { shown });
    return $(`document-${doc.id}`).querySelector(".page");
  }

  // Has a box of the page read, and puts its lines among the others.
  async function readBox(doc, page, box, unread) {
    tell(say("readingArea"));
    try {
      const image = await crop(await drawn(doc, page, true), page, box);
      const { width, height } = await createImageBitmap(image);
      const file = new File([image], "area.png", { type: "image/png" });
      const ask = { ...asking(doc), language: page.language ?? "auto" };
      const { pages } = await read(file, { mode: "auto", least_confidence: "0", language: ask.language }, ask);
      const [x, y] = [(box.right - box.left) / width, (box.bottom - box.top) / height];
      const moved = ([left, top, right, bottom]) => [left * x + box.left, top * y + box.top, right * x + box.left, bottom * y + box.top].map(Math.round);
      const placed = (part) => ({ ...part, bbox: moved(part.bbox) });
      const lines = pages[0].raw.lines
        .filter((line) => line.text_as_read)
        .map((line) => ({ ...placed(line), words: (line.words ?? []).map(placed), characters: line.characters?.map(placed) ?? null }));
      if (!lines.length) return tell(say("areaEmpty"));
      page.rawAsRead ??= page.raw;
      addLines(page, lines, lineOf);
      page.added = [...(page.added ?? []), lines];
      if (unread) page.unread = page.unread.filter((one) => one !== unread);
      show(doc);
      keepSoon(doc);
      tell(say("areaRead", { n: lines.length }));
      return goTo({ doc, shown: doc.pages.indexOf(page), index: page.lines.length - lines.length });
    } catch (error) {
      if (error.name === "AbortError") return null;
      return tell(say("areaFailed"));
    }
  }

  return {
    keepNow,
    keepSoon,
    goTo,
    lookAt,
    actions: {
      // Past the last line, to the first of the next page; before the first, to the last of the one before.
      turnTo: (doc, shown, by) => {
        const page = doc.pages[shown];
        if (!page || page.error || !page.lines.length) return tell(say(by > 0 ? "lastLine" : "firstLine"));
        const order = orderOf(page);
        goTo({ doc, shown, index: by > 0 ? order[0] : order.at(-1), select: { from: 0, to: 0 } });
        return tell(say("pageOf", { n: page.number, all: countPages(doc) }));
      },
      doubt: (doc, shown, n, by, caret) => {
        const found = nextDoubt(doc, shown, n, by, caret);
        if (found) goTo({ doc, ...found });
        else tell(say(by > 0 ? "noDoubtAfter" : "noDoubtBefore"));
      },
      keep: keepSoon,
      // A line was left; `before` is what it was, for undoing.
      corrected: (doc, page, index, before) => {
        const line = page.lines[index];
        if (before.corrected === line.corrected && before.isChecked === line.isChecked) return;
        doc.undone.push({ page, index, before });
        keepSoon(doc);
        showTools();
      },
      undo: (doc) => {
        $(`document-${doc.id}`).querySelector(".page").leave?.(); // what is open counts, too
        const last = doc.undone.pop();
        if (!last) return tell(say("nothingToUndo"));
        Object.assign(last.page.lines[last.index], { corrected: undefined, isChecked: undefined, ...last.before });
        delete doc.corrections[last.page.number];
        const shown = doc.pages.indexOf(last.page);
        doc.shown = shown;
        show(doc);
        goTo({ doc, shown, index: last.index });
        keepSoon(doc);
        return tell(say("undone", { text: textOfLine(last.page.lines[last.index]) }));
      },
      readBox,
    },
  };
}

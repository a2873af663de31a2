// What a person has made of what was read: lines with another text, lines found right, lines read from a box that was drawn. A line that
// was seen to has `corrected`, its text, and `isChecked` once it was left with Enter. The rest of the page asks here for texts.

import { applyProfile } from "./profile.js";

export const textOfLine = (line) => line.corrected ?? line.textAsRead;
export const isChanged = (line) => line.corrected !== undefined && line.corrected !== line.textAsRead;
// Lines that a person vouches for: what a model can learn from.
export const isSure = (line) => isChanged(line) || Boolean(line.isChecked);

// Whether anything on the page is not as the service gave it.
export const isTouched = (page) => Boolean(page.hasAdded) || page.lines.some(isChanged);

// In which order the lines are read: that of the regions, of which a line image has none.
export const orderOf = (page) => (page.regions.length ? page.regions.flatMap((region) => region.lines) : page.lines.map((_, i) => i));

// The page's text, as the service writes it: regions are parted by an empty line, lines of a paragraph joined, cells parted by tabs.
export function textOfPage(page, profile) {
  if (page.error) return "";
  if (!isTouched(page)) return applyProfile(page.text, profile);
  const text = (i) => applyProfile(textOfLine(page.lines[i]), profile);
  if (!page.regions.length) return page.lines.map((_, i) => text(i)).join("\n");
  return page.regions.map((region) => (region.isTable ? tableText(page, region, text) : paragraph(page, region, text))).join("\n\n");
}

function paragraph(page, region, text) {
  let written = "";
  region.lines.forEach((i, k) => {
    const isBeside = k && inOneRow(page.lines[region.lines[k - 1]].box, page.lines[i].box);
    written += (k ? (isBeside ? "\t" : "\n") : "") + text(i);
  });
  return written.includes("\t") ? written : written.replaceAll("\n", " ");
}

// As Region.text in rasm/document.py has it.
function inOneRow(first, second) {
  const middle = (second.top + second.bottom) / 2;
  const slack = (first.bottom - first.top) / 2;
  const isBeside = second.right < first.left + slack || second.left > first.right - slack;
  return isBeside && first.top < middle && middle < first.bottom;
}

function tableText(page, region, text) {
  const table = page.tables.find((one) => one.lines[0] === region.lines[0]);
  return rowsOf(table, (cell) => cell.lines.map(text).join(" "))
    .map((row) => row.join("\t"))
    .join("\n");
}

export function rowsOf(table, textOfCell) {
  const height = Math.max(...table.cells.map((cell) => cell.row + cell.rowSpan));
  const width = Math.max(...table.cells.map((cell) => cell.column + cell.columnSpan));
  const rows = Array.from({ length: height }, () => Array(width).fill(""));
  for (const cell of table.cells) rows[cell.row][cell.column] = textOfCell(cell);
  return rows;
}

// The API's result of the page, with the lines' texts as they are now.
export function resultOf(page) {
  if (page.error || !isTouched(page)) return page.raw;
  const lines = page.raw.lines.map((line, i) => ({ ...line, text: textOfLine(page.lines[i]), text_as_read: textOfLine(page.lines[i]) }));
  return { ...page.raw, lines };
}

// Puts lines (the API's, in places of the page) into the page, before the first region that stands lower in the same column.
export function addLines(page, rawLines, makeLine) {
  const first = page.lines.length;
  const numbers = rawLines.map((_, i) => first + i);
  if (!page.regions.length && first) page.regions.push({ lines: page.lines.map((_, i) => i), isTable: false });
  page.lines.push(...rawLines.map((line, i) => ({ ...makeLine(line), opens: i === 0, isAdded: true })));
  const box = page.lines[first].box;
  const isLower = ({ lines }) => lines.some((i) => page.lines[i].box.top >= box.top && overlap(page.lines[i].box, box));
  const at = page.regions.findIndex(isLower);
  page.regions.splice(at < 0 ? page.regions.length : at, 0, { lines: numbers, isTable: false });
  const region = { kind: "paragraph", direction: rawLines[0].direction, level: null, bbox: rawLines[0].bbox, lines: numbers, cells: [], head_rows: 0 };
  const isBare = !page.raw.regions?.length && first;
  const regions = isBare ? [{ ...region, lines: page.raw.lines.map((_, i) => i) }] : [...(page.raw.regions ?? [])];
  regions.splice(at < 0 ? regions.length : regions.findIndex((one) => one.lines[0] === page.regions[at + 1].lines[0]), 0, region);
  page.raw = { ...page.raw, lines: [...page.raw.lines, ...rawLines], regions, kind: "page" };
  page.hasAdded = true;
}

const overlap = (a, b) => a.left < b.right && b.left < a.right;

// What is to be kept of a document beside what the service has: {pages: {number: {lines: {index: [text, isChecked]}, added: [[raw line]]}}}.
export function corrections(doc) {
  const pages = {};
  for (const page of doc.pages) {
    const lines = {};
    page.lines?.forEach((line, i) => {
      if (isSure(line)) lines[i] = [textOfLine(line), Boolean(line.isChecked)];
    });
    if (Object.keys(lines).length || page.added?.length) pages[page.number] = { lines, added: page.added ?? [] };
  }
  return pages;
}

// Writes them into pages that were read again, or given out again.
export function restore(pages, kept, makeLine) {
  for (const page of pages) {
    const { lines = {}, added = [] } = kept[page.number] ?? {};
    if (page.error || page.isRestored) continue;
    page.isRestored = true;
    for (const some of added) addLines(page, some, makeLine);
    page.added = added;
    for (const [i, [text, isChecked]] of Object.entries(lines)) if (page.lines[i]) Object.assign(page.lines[i], { corrected: text, isChecked });
  }
}

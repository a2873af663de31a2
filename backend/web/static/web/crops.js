// Pieces of pages' pictures, and the corrected lines as pairs of an image and a text: what preprocess.py and `rasm adapt` learn from.

import { isSure, orderOf, textOfLine } from "./corrections.js";

const MARGIN = 0.12; // of a line's height, around it: as much as rasm/pages/crops.py leaves, about

// The piece of a picture in a box of the page, upright, as a PNG. `degrees`: clockwise, what sets it upright.
export async function crop(picture, page, box, degrees = 0) {
  const bitmap = await createImageBitmap(picture);
  const scale = bitmap.width / page.width;
  const [width, height] = [(box.right - box.left) * scale, (box.bottom - box.top) * scale];
  const radians = (degrees * Math.PI) / 180;
  const quarters = Math.round(degrees / 90);
  const lean = Math.abs(Math.sin(radians - (quarters * Math.PI) / 2));
  const [long, high] = quarters % 2 ? [height, width] : [width, height];
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(long));
  canvas.height = Math.max(1, Math.round(high - Math.min(high * 0.6, long * lean))); // around what leans stands a higher box
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.translate(canvas.width / 2, canvas.height / 2);
  context.rotate(radians);
  context.drawImage(bitmap, (-(box.left + box.right) / 2) * scale, (-(box.top + box.bottom) / 2) * scale);
  bitmap.close();
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function around({ left, top, right, bottom }, page) {
  const margin = MARGIN * (bottom - top);
  return {
    left: Math.max(0, left - margin),
    top: Math.max(0, top - margin),
    right: Math.min(page.width, right + margin),
    bottom: Math.min(page.height, bottom + margin),
  };
}

export const countSure = (doc) => doc.pages.reduce((sum, page) => sum + (page.lines ?? []).filter(isSure).length, 0);

// A ZIP of NAME.png and NAME.gt.txt for each line that somebody vouches for. `pictureOf(doc, page)` gives a page's picture, whole.
export async function pairs(documents, pictureOf) {
  const files = [];
  for (const [k, doc] of documents.entries()) {
    const stem = `${String(k + 1).padStart(2, "0")}-${doc.name.replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N}_-]+/gu, "_").slice(0, 60) || "file"}`;
    for (const page of doc.pages) {
      const sure = orderOf(page).filter((i) => isSure(page.lines[i]) && textOfLine(page.lines[i]));
      if (!sure.length) continue;
      const picture = await pictureOf(doc, page);
      for (const i of sure) {
        const line = page.lines[i];
        const image = await crop(picture, page, around(line.box, page), page.rotation + page.skew);
        const name = `${stem}/${String(page.number ?? 1).padStart(4, "0")}-${String(i + 1).padStart(3, "0")}`;
        files.push([`${name}.png`, new Uint8Array(await image.arrayBuffer())]);
        files.push([`${name}.gt.txt`, new TextEncoder().encode(`${textOfLine(line)}\n`)]);
      }
    }
  }
  return zip(files);
}

// APPNOTE.TXT 6.3.10, stored and not compressed: PNG is compressed already.
function zip(files) {
  const parts = [];
  const directory = [];
  let at = 0;
  for (const [name, bytes] of files) {
    const written = new TextEncoder().encode(name);
    const shared = [20, 0x0800, 0, 0, 0x21, [crc32(bytes)], [bytes.length], [bytes.length], written.length, 0]; // names are in UTF-8; of 1980
    parts.push(numbers([0x04034b50], ...shared), written, bytes);
    directory.push(numbers([0x02014b50], 20, ...shared, 0, 0, 0, [0], [at]), written);
    at += 30 + written.length + bytes.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  return new Blob([...parts, ...directory, numbers([0x06054b50], 0, 0, files.length, files.length, [size], [at], 0)], { type: "application/zip" });
}

// Little-endian: numbers of two bytes, and in brackets of four.
function numbers(...values) {
  const bytes = [];
  for (const value of values) {
    const [number, width] = Array.isArray(value) ? [value[0], 4] : [value, 2];
    for (let k = 0; k < width; k++) bytes.push((number >>> (8 * k)) & 255);
  }
  return new Uint8Array(bytes);
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function crc32(bytes) {
  let c = 0xffffffff;
  for (const byte of bytes) c = TABLE[(c ^ byte) & 255] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

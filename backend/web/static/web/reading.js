// Asks the API: to read a file, for a file in another format, for the picture of a page. What it reads has the shape in which the
// page keeps documents:
//   {pages: [Page], model, milliseconds}
//   Page: {number, kind, source, hasTextLayer, language, width, height, rotation, skew, confidence, text, lines: [Line], regions: [Region],
//          tables: [Table], unread: [Unread], warnings: [{code, message}], error: ReadingError or null, raw}; `raw` is the API's result
//   Region: {lines, isTable}: numbers of the page's lines
//   Table: {direction, headRows, lines, cells: [{row, column, rowSpan, columnSpan, lines}]}; its lines are numbers of the page's
//   Unread: {reason, text, confidence, box}: what looks like text and is not in it
//   Line: {textAsRead, direction, confidence, box: {left, top, right, bottom}, characters: [{text, confidence, box}] or null, opens};
//         corrections.js adds {corrected, isChecked} to those that a person has seen to
// Boxes are in pixels of the upright image, from its top left. `opens`: whether a paragraph or the like begins with this line.

const READ = "/api/v1/ocr";
const DOCUMENTS = "/api/v1/documents";
const PICTURE = "/api/v1/picture";
const RETRIES = 4;
const BUSY = [429, 502, 503];
const LONGEST_PAUSE_S = 60;

export class ReadingError extends Error {
  // code: the API's, or one of this page's own; status: of HTTP, 0 where none came; seconds: when to try again, if the API says so
  constructor(code, message, status = 0, seconds = 0) {
    super(message);
    this.code = code;
    this.status = status;
    this.seconds = seconds;
  }
}

// `how` is {mode, pdf_text, password, language}; `ask` is {key, signal, onBusy}. All throw ReadingError, or AbortError.
export async function read(file, how, ask) {
  return reading(await send("POST", READ, { ...ask, fields: { files: file, detail: "characters", ...how } }));
}

// What is shown, in a format that is made at the service without reading again: {blob, isArchive}. `shown` is {name, model, results}, `how`
// has the format and, for a searchable PDF, the file or its job.
export async function write(shown, how, ask) {
  const document = new Blob([JSON.stringify(shown)], { type: "application/json" });
  return documentOf(await send("POST", DOCUMENTS, { ...ask, fields: { document, ...how } }));
}

// What the browser cannot draw by itself: a page of a PDF or a TIFF; with `whole` in all its pixels.
export async function picture(file, page, password, whole, ask) {
  const { blob } = await documentOf(await send("POST", PICTURE, { ...ask, fields: { file, page, password, whole } }));
  return blob;
}

// `onBusy(seconds, isLost)` is called before each wait: for a service that is busy or, if this is to be `persistent`, does not answer.
// Who is asked to wait longer than `patience` does not.
export async function send(method, address, { key = "", signal, onBusy = () => {}, fields, persistent = false, patience = Infinity, ...more }) {
  const body = fields && new FormData();
  for (const [name, value] of Object.entries(fields ?? {})) if (value) body.append(name, value);
  const headers = { Accept: "application/json", ...(key && { Authorization: `Bearer ${key}` }) };
  for (let attempt = 0; ; attempt++) {
    const isLast = !persistent && attempt === RETRIES;
    let response = null;
    try {
      response = await fetch(address, { method, body, headers, signal, credentials: "omit", cache: "no-store", ...more });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      if (!persistent) throw new ReadingError("network", error.message);
    }
    const seconds = Math.min((response && secondsOf(response)) || 2 ** attempt, LONGEST_PAUSE_S);
    if (response && (!BUSY.includes(response.status) || isLast || seconds > patience)) return response;
    onBusy(Math.ceil(seconds), !response);
    await pause(seconds, signal);
  }
}

// When to ask again; 0 if the service does not say.
export function secondsOf(response) {
  const seconds = Number(response.headers.get("Retry-After"));
  return seconds > 0 ? seconds : 0;
}

// The reply's content; throws what was refused.
export async function answer(response) {
  if (response.ok) return content(response);
  const { code = "unexpected", message = "" } = (await content(response)).error ?? {};
  throw new ReadingError(code, message, response.status, secondsOf(response));
}

async function content(response) {
  try {
    return await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (error instanceof SyntaxError) throw new ReadingError("unexpected", error.message, response.status);
    throw new ReadingError("network", error.message); // it broke off
  }
}

export async function documentOf(response) {
  if (!response.ok) await answer(response);
  return { blob: await response.blob(), isArchive: response.headers.get("Content-Type") === "application/zip" };
}

export async function pagesOf(response) {
  const { results = [], model } = await answer(response);
  return results.map((result) => pageOf(result, response.status, model));
}

export async function reading(response) {
  const reply = await answer(response);
  if (!reply.results?.length) throw new ReadingError("unexpected", "", response.status);
  const pages = reply.results.map((result) => pageOf(result, response.status));
  if (pages.every((page) => page.error)) throw pages[0].error;
  return { pages, model: reply.model, milliseconds: reply.results.reduce((sum, result) => sum + result.milliseconds, 0) };
}

export function pageOf(raw, status = 200, model = null) {
  const regions = (raw.regions ?? []).filter((region) => region.lines.length);
  const opening = new Set(regions.map((region) => region.lines[0]));
  return {
    number: raw.page,
    of: raw.pages,
    model,
    kind: raw.kind,
    source: raw.source,
    hasTextLayer: raw.has_text_layer ?? false,
    language: raw.language,
    width: raw.width_px,
    height: raw.height_px,
    rotation: raw.rotation_degrees ?? 0,
    skew: raw.skew_degrees ?? 0,
    confidence: raw.confidence,
    text: raw.text,
    lines: raw.lines.map((line, i) => ({ ...lineOf(line), opens: opening.has(i) })),
    regions: regions.map(({ lines, cells }) => ({ lines, isTable: Boolean(cells?.length) })),
    tables: regions.filter((region) => region.cells?.length).map(tableOf),
    unread: (raw.unread ?? []).map(({ reason, text, confidence, bbox }) => ({ reason, text, confidence, box: boxOf(bbox) })),
    warnings: raw.warnings ?? [],
    error: raw.error && new ReadingError(raw.error.code, raw.error.message, status),
    raw,
  };
}

function tableOf({ direction, head_rows: headRows, lines, cells }) {
  return { direction, headRows, lines, cells: cells.map((cell) => ({ ...cell, rowSpan: cell.row_span, columnSpan: cell.column_span })) };
}

export function lineOf(line) {
  return {
    textAsRead: line.text_as_read,
    direction: line.direction,
    confidence: line.confidence,
    box: boxOf(line.bbox),
    characters: line.characters?.map((sign) => ({ text: sign.text, confidence: sign.confidence, box: boxOf(sign.bbox) })) ?? null,
  };
}

function boxOf([left, top, right, bottom]) {
  return { left, top, right, bottom };
}

export function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

// Asks the API: to read a file, for a file in another format, for the picture of a page. What it reads has the shape in which the
// page keeps documents:
//   {pages: [Page], model, milliseconds, reply}
//   Page: {number, kind, source, width, height, confidence, text, lines: [Line], error: ReadingError or null}
//   Line: {textAsRead, confidence, box: {left, top, right, bottom}, characters: [{text, confidence, box}] or null, opens}
// Boxes are in pixels of the upright image, from its top left. `opens`: whether a paragraph or the like begins with this line.

const READ = "/api/v1/ocr";
const PICTURE = "/api/v1/picture";
const RETRIES = 4;
const BUSY = [429, 503];

export class ReadingError extends Error {
  // code: the API's, or "network" or "unexpected"; status: of HTTP, 0 where none came
  constructor(code, message, status = 0) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

// `how` is {mode, text_layer, password}; `ask` is {key, signal, onBusy}. All throw ReadingError, or AbortError.
export async function read(file, how, ask) {
  return understood(await post(READ, { files: file, detail: "characters", ...how }, ask));
}

// The file as hOCR, ALTO, PAGE XML or PDF: {blob, isArchive}.
export async function convert(file, how, ask) {
  const response = await post(READ, { files: file, ...how }, ask);
  if (!response.ok) throw await refusal(response);
  return { blob: await response.blob(), isArchive: response.headers.get("Content-Type") === "application/zip" };
}

// What the browser cannot draw by itself: a page of a PDF or a TIFF.
export async function picture(file, page, password, ask) {
  const response = await post(PICTURE, { file, page, password }, ask);
  if (!response.ok) throw await refusal(response);
  return response.blob();
}

// `onBusy(seconds)` is called before each wait for a busy service.
async function post(address, fields, { key = "", signal, onBusy = () => {} }) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) if (value) body.append(name, value);
  const headers = { Accept: "application/json", ...(key && { Authorization: `Bearer ${key}` }) };
  for (let attempt = 0; ; attempt++) {
    let response;
    try {
      response = await fetch(address, { method: "POST", body, headers, signal, credentials: "omit", cache: "no-store" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ReadingError("network", error.message);
    }
    if (!BUSY.includes(response.status) || attempt === RETRIES) return response;
    const asked = Number(response.headers.get("Retry-After"));
    const seconds = Number.isFinite(asked) && asked > 0 ? Math.min(asked, 60) : 2 ** attempt;
    onBusy(Math.ceil(seconds));
    await pause(seconds * 1000, signal);
  }
}

async function refusal(response) {
  const { code = "unexpected", message = "" } = (await content(response)).error ?? {};
  return new ReadingError(code, message, response.status);
}

async function content(response) {
  try {
    return await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ReadingError("unexpected", error.message, response.status);
  }
}

async function understood(response) {
  if (!response.ok) throw await refusal(response);
  const reply = await content(response);
  if (!reply.results?.length) throw new ReadingError("unexpected", "", response.status);
  const pages = reply.results.map((result) => pageOf(result, response.status));
  if (pages.every((page) => page.error)) throw pages[0].error;
  return { pages, model: reply.model, milliseconds: reply.results.reduce((sum, result) => sum + result.milliseconds, 0), reply };
}

function pageOf(result, status) {
  const opening = new Set((result.regions ?? []).map((region) => region.lines[0]));
  return {
    number: result.page,
    kind: result.kind,
    source: result.source,
    width: result.width_px,
    height: result.height_px,
    confidence: result.confidence,
    text: result.text,
    lines: result.lines.map((line, i) => ({ ...lineOf(line), opens: opening.has(i) })),
    error: result.error && new ReadingError(result.error.code, result.error.message, status),
  };
}

function lineOf(line) {
  return {
    textAsRead: line.text_as_read,
    confidence: line.confidence,
    box: boxOf(line.bbox),
    characters: line.characters?.map((sign) => ({ text: sign.text, confidence: sign.confidence, box: boxOf(sign.bbox) })) ?? null,
  };
}

function boxOf([left, top, right, bottom]) {
  return { left, top, right, bottom };
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("", "AbortError"));
    });
  });
}

// The page's words and numbers in the language of the moment, and switching between the two without losing what was read.

const data = JSON.parse(document.getElementById("data").textContent);
const DIRECTIONS = { en: "ltr", ar: "rtl" };
const LOCALES = { en: "en", ar: "ar-EG" };

export const limits = data.limits; // of one file that is read at once, and of `jobs`, which is null where the service reads none
const most = limits.jobs ?? limits;
const LIMITS = { size: Math.floor(most.fileBytes / 2 ** 20), pages: most.pages, hours: most.hours };
export let language = document.documentElement.lang;

// The words for `key`, or those for one of it where `n` is 1, with {names} filled in, the limits' among them; numbers are written as the
// language writes them.
export function say(key, given = {}) {
  const values = { ...LIMITS, ...given };
  const find = (name) => name.split(".").reduce((part, one) => part?.[one], data.texts[language]);
  const words = (values.n === 1 && find(`${key}-one`)) || find(key);
  return words?.replace(/\{(\w+)\}/g, (_, name) => (typeof values[name] === "number" ? number(values[name]) : values[name])) ?? "";
}

// What is said of an error: in English the service's own words, which tell most; in Arabic those that are known.
export function sayError(error) {
  const { status, seconds } = error;
  return say(`errors.${error.code}`, { status, seconds }) || error.message || say("errors.unexpected", { status });
}

// Likewise of a warning of a page, on which so many places are unread.
export function sayWarning({ code, message }, unread) {
  return say(`warnings.${code}`, { n: unread }) || message;
}

export function number(value) {
  return new Intl.NumberFormat(LOCALES[language], { maximumFractionDigits: 0, useGrouping: false }).format(value);
}

export function percent(fraction) {
  // never 100% for what is only nearly certain
  return new Intl.NumberFormat(LOCALES[language], { style: "percent" }).format(Math.floor(fraction * 100) / 100);
}

export function list(items) {
  return items.join(language === "ar" ? "، " : ", ");
}

export function switchLanguage() {
  language = language === "ar" ? "en" : "ar";
  document.documentElement.lang = language;
  document.documentElement.dir = DIRECTIONS[language];
  const link = document.getElementById("language");
  link.lang = link.hreflang = language === "ar" ? "en" : "ar";
  link.href = `?lang=${link.lang}`;
  history.replaceState(null, "", `?lang=${language}`);
  writeWords();
}

// Fills in every element that has data-t.
export function writeWords() {
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = say(element.dataset.t);
}

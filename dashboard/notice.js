/** Notices: what went wrong and what to do, how long to wait, and that there is nothing yet. */

import { Problem } from "./api.js";
import { make } from "./elements.js";

const HINTS = {
  0: "Check that the API runs, then try again.",
  403: "Whoever runs the API, or what stands in front of it, does not allow this.",
  404: "It may have been removed, or never been there.",
  429: "Too many requests came from here.",
  500: "The function's log has the reason.",
  503: "Something that the API needs is away or behind.",
};

/**
 * Show why something is not there, with a button to try again, which waits as long as the API asks.
 * @param {unknown} error
 * @param {(() => void) | null} [retry]
 * @param {string} [hint] what may be the reason, in place of what is usual for the status
 * @returns {HTMLElement}
 */
export function failure(error, retry = null, hint = hintOf(error)) {
  const problem = asProblem(error);
  const status = problem.status ? ` (status ${problem.status})` : "";
  return make(
    "div.notice",
    { role: "alert", "data-kind": problem.status === 429 || problem.status === 503 ? "warn" : "bad" },
    make("p.notice-title", {}, (problem.title || "Something went wrong") + status),
    problem.errors.length > 1 ? null : make("p", {}, problem.detail),
    problem.errors.length > 1 && make("ul", {}, ...problem.errors.map((one) => make("li", {}, fault(one)))),
    make("p.note", {}, hint, problem.instance && ` Request ${problem.instance}.`),
    retry && retryButton(retry, problem.retryAfterS),
  );
}

/** Return what is wrong with a field, as the API says it. @param {{field: string, got: string, allowed: string}} error */
export const fault = ({ field, got, allowed }) => `${field}: got ${got}, allowed: ${allowed}`;

/**
 * Show that there is nothing, and how something comes there.
 * @param {string} title
 * @param {...(Node | string)} text
 */
export function nothing(title, ...text) {
  return make("div.notice", { "data-kind": "empty" }, make("p.notice-title", {}, title), make("p", {}, ...text));
}

/**
 * Show that something cannot be had as it was asked for, and the way on.
 * @param {string} title
 * @param {string} text
 * @param {"bad" | "warn"} kind
 * @param {HTMLElement | null} [button]
 */
export function refusal(title, text, kind, button = null) {
  return make("div.notice", { role: "alert", "data-kind": kind }, make("p.notice-title", {}, title), make("p", {}, text), button);
}

/** Return how long to wait: `90 s`, `15 min`, so that nobody comes back too early. @param {number} leftS */
export const wait = (leftS) => (leftS > 120 ? `${Math.ceil(leftS / 60)} min` : `${leftS} s`);

/** Show that something is on its way. @param {string} [text] */
export function loading(text = "Asking the API …") {
  return make("p.loading", {}, text);
}

/** Tell whether a call was ended by the page itself: no one has to hear of that. @param {unknown} error */
export const isAborted = (error) => error instanceof DOMException && error.name === "AbortError";

function hintOf(error) {
  return error instanceof Problem ? (HINTS[error.status] ?? "") : "Load the page again; if that does not help, report it.";
}

function asProblem(error) {
  if (error instanceof Problem) return error;
  console.error(error);
  return new Problem(0, { title: "This page has a fault", detail: String(error) });
}

function retryButton(retry, waitS) {
  const button = make("button", { type: "button", onclick: retry }, "Try again");
  let left = waitS ?? 0;
  const tick = () => {
    button.toggleAttribute("disabled", left > 0);
    button.textContent = left > 0 ? `Try again in ${wait(left)}` : "Try again";
    if (left-- > 0) setTimeout(() => button.isConnected && tick(), 1000);
  };
  queueMicrotask(tick);
  return button;
}

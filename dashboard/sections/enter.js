/** The code page: an access code is exchanged for a session; who is in sees until when. */

import { Problem } from "../api.js";
import { fill, make } from "../elements.js";
import { time } from "../format.js";
import { failure, isAborted, loading, refusal, wait } from "../notice.js";
import { keepSession, session } from "../visitor.js";

export const title = "Enter with a code";

const CODE_CHARACTERS = 16;
const ENDED = "Your session has ended.";
const LEFT = "You have left.";

/** @param {HTMLElement} root @param {import("../app.js").Context} context */
export function mount(root, { api, query, announce }) {
  const ending = new AbortController();
  const { signal } = ending;
  const wanted = query.get("then") ?? "";
  const then = wanted.startsWith("#/") ? wanted : "#/data";

  async function show() {
    if (!session()) return ask(query.has("ended") ? ENDED : query.has("left") ? LEFT : "");
    fill(root, loading());
    try {
      const { body } = await api.get("/sessions/current", { signal });
      keepSession(body.session);
      fill(root, inside(body.session));
    } catch (error) {
      if (error instanceof Problem && [401, 403, 404].includes(error.status)) {
        keepSession(null);
        ask(ENDED);
      } else if (!isAborted(error)) fill(root, failure(error, show));
    }
  }

  function ask(said = "") {
    const input = /** @type {HTMLInputElement} */ (
      make("input.mono.code", {
        id: "code",
        name: "code",
        required: true,
        size: 22,
        placeholder: "XXXX-XXXX-XXXX-XXXX",
        pattern: "(.{4}-){3}.{4}",
        title: `${CODE_CHARACTERS} letters and digits`,
        autocomplete: "one-time-code",
        autocapitalize: "characters",
        spellcheck: "false",
        "aria-describedby": "code-help",
        oninput: () => (input.value = grouped(input.value)),
      })
    );
    const button = make("button.primary", {}, "Enter");
    const answer = make("div");
    const form = make(
      "form.card.entry",
      { onsubmit: (event) => (event.preventDefault(), exchange(input, button, answer)) },
      said && make("p.strong", {}, said),
      make("p", { id: "code-help" }, "This data set opens with an access code. Whoever runs it gives you one; it may work only once."),
      make("label.field", {}, make("span", {}, "Access code"), input),
      make("div.controls", {}, button),
      answer,
    );
    fill(root, form);
    input.focus();
  }

  async function exchange(input, button, place) {
    button.setAttribute("disabled", "");
    fill(place, loading("Looking at the code …"));
    try {
      const { body } = await api.post("/sessions", { code: input.value }, { signal });
      keepSession(body.session);
      announce("You are in");
      location.hash = then;
    } catch (error) {
      if (isAborted(error)) return;
      fill(place, unopened(error));
      const waitS = (error instanceof Problem && error.retryAfterS) || 0;
      countDown(button, waitS, () => input.focus());
    }
  }

  function inside(now) {
    const pairs = [
      ["Who", now.tenant],
      ["May", now.scopes.join(", ")],
      ["Until", make("time", { datetime: now.expires_at }, `${time(now.expires_at)} UTC`)],
      ["Session", make("span.mono", {}, now.id)],
    ];
    const list = make("dl.pairs", {}, ...pairs.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
    return make("section.card.entry", { "aria-label": "Your session" }, make("h2", {}, "You are in"), list);
  }

  show();
  return { close: () => ending.abort() };
}

/** `abcdefgh` as `ABCD-EFGH`, however it was typed or pasted. */
function grouped(text) {
  const plain = text.toUpperCase().replace(/[^0-9A-Z]/g, "").slice(0, CODE_CHARACTERS);
  return plain.replace(/(.{4})(?=.)/g, "$1-");
}

/**
 * Why a code did not open. An API without codes does not know the path; where it also wants its reads signed, the
 * gateway has refused the call before.
 */
function unopened(error) {
  if (error instanceof Problem && error.kind === "forbidden") {
    return refusal("This code does not open anything here", "It is wrong, used up, expired or disabled.", "bad");
  }
  if (error instanceof Problem && error.kind === "too-many-requests") {
    return refusal("Too many wrong codes came from here", "Until the wait is over no code is looked at, not even a good one.", "warn");
  }
  if (!(error instanceof Problem) || !(error.status === 404 || (error.isOfGateway && error.isNobody))) return failure(error);
  const detail = "This API knows no access codes. It lets in whom its own settings name, by signed requests or tokens, which this page cannot send.";
  return failure(new Problem(error.status, { title: "No codes here", detail }));
}

function countDown(button, seconds, ready) {
  button.toggleAttribute("disabled", seconds > 0);
  fill(button, seconds > 0 ? `Wait ${wait(seconds)}` : "Enter");
  if (seconds > 0) setTimeout(() => button.isConnected && countDown(button, seconds - 1, ready), 1000);
  else ready();
}

/** Figures of the whole data set: how many rows, how new, and how far the snapshots are behind the ledger. */

import { addressOf, Problem } from "../../api.js";
import { figure, fill, make } from "../../elements.js";
import { ago, bytes, count, counted, number, seconds, time } from "../../format.js";
import { latest } from "../../latest.js";
import { failure, loading, nothing } from "../../notice.js";
import { atLeast } from "./newest.js";

/**
 * Show the figures; `refresh` asks for them, no older than an answer of `/snapshots`.
 * @param {HTMLElement} root
 * @param {import("../../app.js").Context & {description: import("../../description.js").Description, signal: AbortSignal, look: () => unknown}} context
 */
export function summary(root, { api, description, signal: ending, announce, look }) {
  const home = description.homes[0];
  const begin = latest(ending);

  async function refresh(snapshots) {
    const signal = begin();
    try {
      const { body } = await snapshots;
      const headers = await atLeast(snapshots);
      const [stats, newest, health] = await Promise.all([
        api.get(`/${home}/stats`, { headers, signal }),
        newestRow({ headers, signal }),
        api.get("/health", { signal }),
      ]);
      fill(root, content(stats, newest, health.body, body.snapshots[0]));
      announce(`${counted(stats.body.stats.count, "row")}`);
    } catch (error) {
      if (!signal.aborted) fill(root, failure(error, look));
    }
  }

  /** The newest row of the ledger; of the snapshot, where that is too far behind to be made up for. */
  async function newestRow(options) {
    try {
      return await api.get(`/${home}`, { query: { limit: 1, fresh: 1 }, ...options });
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 503) throw error;
      const published = await api.get(`/${home}`, { query: { limit: 1 }, ...options });
      return { ...published, behind: error.detail };
    }
  }

  function content(stats, newest, health, snapshot) {
    const found = stats.body.stats;
    const bookmark = stats.headers.get("snapshot-bookmark") ?? stats.body.bookmark;
    const row = newest.body.data[0];
    const list = make(
      "dl.figures",
      {},
      figure("Rows", count(found.count), snapshot?.rows ? `${bytes(snapshot.bytes)} in ${counted(snapshot.segments.length, "segment")}` : null),
      figure("Newest row", ago(row?.created_at), row ? `${time(row.created_at)} UTC` : null),
      figure("Oldest row", ago(found.first_created_at), found.count ? `${time(found.first_created_at)} UTC` : null),
      figure("Bookmark", make("span.mono.long", {}, bookmark), "epoch . sequence number"),
      lag(newest.headers.get("snapshot-lag"), newest.behind),
      description.measured && figure(`Mean ${description.measured}`, number(found.avg), found.count ? `${number(found.min)} to ${number(found.max)}` : null),
    );
    const { version, python, sqlite, region } = health.build;
    const built = `${home} answered. Build ${version}, Python ${python}, SQLite ${sqlite}, ${region}.`;
    return [list, found.count ? null : empty(), make("p.note", {}, built)];
  }

  fill(root, loading());
  return { refresh };
}

/** `rows=12, seconds=3.4`: what the ledger has and no snapshot does. */
function lag(header, behind) {
  if (behind) return figure("Not published yet", "many rows", behind);
  const [, rows, since] = /rows=(\d+)(?:, seconds=([\d.]+))?/.exec(header ?? "") ?? [];
  if (rows === undefined) return figure("Not published yet", "unknown", "the answer does not say");
  if (rows === "0") return figure("Not published yet", "nothing", "the snapshot is the ledger");
  return figure("Not published yet", counted(Number(rows), "row"), since && `for ${seconds(Number(since))}`);
}

function empty() {
  const command = `curl -X POST ${location.origin}${addressOf("/insert")} -H 'content-type: application/json' -d '{}'`;
  return nothing("No rows yet", "The data set is empty. Insert the first row, then refresh: ", make("code", {}, command));
}

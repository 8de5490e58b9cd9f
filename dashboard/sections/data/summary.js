/** Figures of the whole data set: how many rows, how new, and how far the snapshots are behind the ledger. */

import { Problem } from "../../api.js";
import { figure, fill, make } from "../../elements.js";
import { ago, bytes, count, counted, number, seconds, time } from "../../format.js";
import { latest } from "../../latest.js";
import { failure, loading, nothing } from "../../notice.js";

/**
 * Show the figures; `refresh` asks anew.
 * @param {HTMLElement} root
 * @param {import("../../app.js").Context & {description: import("../../description.js").Description, signal: AbortSignal}} context
 */
export function summary(root, { api, description, signal: ending, announce }) {
  const home = description.homes[0];
  const begin = latest(ending);

  async function refresh() {
    const signal = begin();
    try {
      const [stats, newest, health, snapshots] = await Promise.all([
        api.get(`/${home}/stats`, { signal }),
        newestRow(signal),
        api.get("/health", { signal }),
        api.get("/snapshots", { signal }),
      ]);
      fill(root, content(stats, newest, health.body, snapshots.body.snapshots[0]));
      announce(`${counted(stats.body.stats.count, "row")}`);
    } catch (error) {
      if (!signal.aborted) fill(root, failure(error, refresh));
    }
  }

  /** The newest row of the ledger; of the snapshot, where that is too far behind to be made up for. */
  async function newestRow(signal) {
    try {
      return await api.get(`/${home}`, { query: { limit: 1, fresh: 1 }, signal });
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 503) throw error;
      const published = await api.get(`/${home}`, { query: { limit: 1 }, signal });
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
      figure("Rows", count(found.count), snapshot ? `${bytes(snapshot.bytes)} in ${counted(snapshot.segments.length, "segment")}` : null),
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
  refresh();
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
  const command = make("code", {}, "curl -X POST …/insert");
  return nothing("No rows yet", "The data set is empty. Insert the first row, with ", command, ", and refresh.");
}

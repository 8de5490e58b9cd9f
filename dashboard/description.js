/** The data set as the API describes itself (`/openapi.json`): its homes, columns and filters. Nothing here knows a column. */

/**
 * @typedef {object} Column
 * @property {string} name
 * @property {string} type of JSON Schema: `number`, `string`, `boolean` …; "" where several are allowed
 * @property {string} format `date-time`, `double` …
 * @property {string} description
 */

/**
 * A way to let through some rows only: one parameter of the API.
 * @typedef {object} Filter
 * @property {string} parameter `min_random_value`
 * @property {string} column `random_value`
 * @property {string} comparison `is at least`
 * @property {string[]} choices what alone can be asked for; empty where anything of the type can
 * @property {string} example
 * @property {boolean} isNumber
 * @property {string} description
 */

/**
 * @typedef {object} Description
 * @property {string} title
 * @property {string} version
 * @property {string[]} homes
 * @property {Column[]} columns
 * @property {Filter[]} filters
 * @property {string[]} orders
 * @property {number} mostRows of a page
 * @property {string} measured the column that statistics are of; "" where there is none
 */

/** @type {Promise<Description> | null} */
let asked = null;

/**
 * Return what the API says of itself; it is asked once, and again after a failure.
 * @param {import("./api.js").Api} api
 * @returns {Promise<Description>}
 */
export function describe(api) {
  asked ??= api.get("/openapi.json").then(
    ({ body }) => read(body),
    (error) => {
      asked = null;
      throw error;
    },
  );
  return asked;
}

/**
 * Return the parts of the description that the page needs.
 * @param {any} openapi
 * @returns {Description}
 */
export function read(openapi) {
  const { schemas, parameters } = openapi.components;
  const homes = schemas.Home.enum.filter((home) => `/${home}` in openapi.paths);
  const names = openapi.paths[`/${homes[0]}`].get.parameters.map((one) => one.$ref?.split("/").pop() ?? one.name);
  const asked = names.map((name) => parameters[name]).filter((one) => one?.in === "query");
  const columns = Object.entries(schemas.Row.properties).map(([name, schema]) => column(name, schema));
  return {
    title: openapi.info.title,
    version: openapi.info.version,
    homes,
    columns,
    filters: asked.flatMap((one) => filter(one, columns, schemas.Draft.properties)),
    orders: schemas.Order.enum,
    mostRows: parameters.limit.schema.maximum,
    measured: measured(asked, columns),
  };
}

function column(name, schema) {
  const types = [schema.type].flat().filter((type) => type !== "null");
  return { name, type: types.length === 1 ? types[0] : "", format: schema.format ?? "", description: schema.description ?? "" };
}

const BOUNDS = { min_: "is at least", max_: "is at most" };
const TIMES = { from: "is at or after", to: "is before" };
const APPENDED = "created_at"; // every row has it, whatever the model
const SAME_AS = /The same as (\w+)\.$/;

/** One filter of a parameter; none of one that is no filter, or another's second name. */
function filter({ name, schema, description = "", example }, columns, drafts) {
  const of = (column, comparison) => ({
    parameter: name,
    column: column.name,
    comparison,
    choices: choicesOf(schema, drafts[column.name], comparison),
    example: example === undefined ? "" : String(example),
    isNumber: schema.type === "number" || schema.type === "integer",
    description,
  });
  const named = (wanted) => columns.find((one) => one.name === wanted);
  if (named(name)) return [of(named(name), "is")];
  if (SAME_AS.test(description)) return [];
  if (name in TIMES) return [of(named(APPENDED), TIMES[name])];
  const bounded = named(name.slice(4));
  return bounded && name.slice(0, 4) in BOUNDS ? [of(bounded, BOUNDS[name.slice(0, 4)])] : [];
}

function choicesOf(schema, draft, comparison) {
  if (schema.type === "boolean") return ["true", "false"];
  return comparison === "is" ? (draft?.enum ?? []).filter((choice) => choice !== null) : [];
}

/** `min_value` is of the column that statistics are of, whatever its name. */
function measured(parameters, columns) {
  const bound = parameters.find((one) => one.name === "min_value");
  const name = SAME_AS.exec(bound?.description ?? "")?.[1] ?? bound?.name ?? "";
  return columns.find((one) => `min_${one.name}` === name)?.name ?? "";
}

/**
 * Prints all scenarios, a line each: on standard output, or in a browser as the page's text.
 *
 * @module
 */

import { scenarioLines } from "./scenarios/mod.ts";

const text = scenarioLines().join("\n");
const page = (globalThis as { document?: { body: { textContent: string } } })
  .document;
if (page === undefined) console.log(text);
else page.body.textContent = text;

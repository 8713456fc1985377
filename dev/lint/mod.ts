/**
 * The project's own lint rules: its laws, so that an editor shows a breach.
 *
 * @module
 */

import { noHost } from "./determinism.ts";
import { importLaw } from "./imports.ts";
import { noUnwindHandler } from "./kernel_code.ts";
import { noModuleState } from "./module_state.ts";

/** The plugin `lockstep`. */
const plugin: Deno.lint.Plugin = {
  name: "lockstep",
  rules: {
    "import-law": importLaw,
    "no-host": noHost,
    "no-module-state": noModuleState,
    "no-unwind-handler": noUnwindHandler,
  },
};

export default plugin;

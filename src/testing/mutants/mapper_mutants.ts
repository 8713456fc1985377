/**
 * Page mappers with a planted bug.
 *
 * @module
 */

import { checkMapper } from "../conformance/check_mapper.ts";
import type { MakeCheckedMapper } from "../conformance/mapper_laws.ts";
import type { Mutant } from "./mutant.ts";
import { MAPPER_BUGS, PlantedMapper } from "./planted_mapper.ts";

/** A mapper with one bug. */
export interface MapperMutant extends Mutant {
  /** Makes it. */
  readonly make: MakeCheckedMapper;
}

/** All of them. */
export const MAPPER_MUTANTS: readonly MapperMutant[] = MAPPER_BUGS.map(
  (name) => {
    const make: MakeCheckedMapper = ({ memory, root }) =>
      new PlantedMapper(memory, root, name);
    return { name, make, check: () => void checkMapper(make) };
  },
);

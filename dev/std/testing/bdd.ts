/**
 * Stand-in for `jsr:@std/testing/bdd`, for machines that reach npm but not JSR.
 *
 * @module
 */

export {
  after as afterAll,
  afterEach,
  before as beforeAll,
  beforeEach,
  describe,
  it,
} from "node:test";

/**
 * The naive mapper: mapped pages and tables in a map by their indices, no bits,
 * no addresses of tables. Its refusals are those of the crate x86_64.
 *
 * @module
 */

/** A table, or a mapped page. */
export interface ModelEntry {
  /** Flags of its entry, HUGE_PAGE included. */
  flags: number;
  /** The frame that it maps; `null` for a table. */
  frame: number | null;
}

/** Why an operation is refused: the reasons of `mapper_errors.ts`. */
export type ModelReason =
  | "frame-allocation-failed"
  | "parent-entry-huge-page"
  | "page-already-mapped"
  | "page-not-mapped";

const HUGE_PAGE = 0x80;

/** What should be mapped. */
export class MapperModel {
  /** Entries by their indices, joined with `/`, the level 4 one first. */
  readonly entries: Map<string, ModelEntry> = new Map();
  /** Flags that each new table gets in any case. */
  readonly alwaysFlags: number;

  /**
   * Begins with nothing mapped.
   *
   * @param alwaysFlags Flags that each new table gets in any case.
   */
  constructor(alwaysFlags: number = 0) {
    this.alwaysFlags = alwaysFlags;
  }

  /** Tables below the level 4 one. */
  get tables(): number {
    let tables = 0;
    for (const { frame } of this.entries.values()) {
      if (frame === null) tables += 1;
    }
    return tables;
  }

  /**
   * Maps a page.
   *
   * @param path Its indices.
   * @param frame Its frame.
   * @param flags Its flags.
   * @param parents Flags that its parents get.
   * @param frames Frames that there are for tables.
   * @returns Why not, or `null`.
   */
  map(
    path: readonly number[],
    frame: number,
    flags: number,
    parents: number,
    frames: number,
  ): ModelReason | null {
    for (let depth = 1; depth < path.length; depth++) {
      const key = path.slice(0, depth).join("/");
      let entry = this.entries.get(key);
      if (entry !== undefined) entry.flags |= parents;
      else {
        if (frames === 0) return "frame-allocation-failed";
        frames -= 1;
        entry = { flags: parents | this.alwaysFlags, frame: null };
        this.entries.set(key, entry);
      }
      if (entry.frame !== null) return "parent-entry-huge-page";
    }
    const key = path.join("/");
    if (this.entries.has(key)) return "page-already-mapped";
    const huge = path.length < 4 ? HUGE_PAGE : 0;
    this.entries.set(key, { flags: flags | huge, frame });
    return null;
  }

  /**
   * The entry at a path.
   *
   * @param path Its indices.
   * @returns The entry, or why there is none.
   */
  find(path: readonly number[]): ModelEntry | ModelReason {
    for (let depth = 1; depth < path.length; depth++) {
      const above = this.entries.get(path.slice(0, depth).join("/"));
      if (above === undefined) return "page-not-mapped";
      if (above.frame !== null) return "parent-entry-huge-page";
    }
    return this.entries.get(path.join("/")) ?? "page-not-mapped";
  }

  /**
   * Unmaps a page.
   *
   * @param path Its indices.
   * @returns Its frame, or why not.
   */
  unmap(path: readonly number[]): number | ModelReason {
    const found = this.find(path);
    if (typeof found === "string") return found;
    if (found.frame === null) return "parent-entry-huge-page";
    this.entries.delete(path.join("/"));
    return found.frame;
  }

  /**
   * The mapped page that an address lies in.
   *
   * @param path Indices of a 4 KiB page.
   * @returns Its entry, and how many of the indices name it; or `null`.
   */
  covering(
    path: readonly number[],
  ): { entry: ModelEntry; depth: number } | null {
    for (let depth = 1; depth <= path.length; depth++) {
      const entry = this.entries.get(path.slice(0, depth).join("/"));
      if (entry === undefined) return null;
      if (entry.frame !== null) return { entry, depth };
    }
    return null;
  }

  /**
   * Removes empty tables that pages from one to another touch.
   *
   * @param first Indices of the first page of 4 KiB.
   * @param last Indices of the last one.
   * @returns How many there were.
   */
  cleanUp(first: readonly number[], last: readonly number[]): number {
    let removed = 0;
    for (let depth = 3; depth >= 1; depth--) {
      for (const [key, { frame }] of [...this.entries]) {
        const path = key.split("/").map(Number);
        if (frame !== null || path.length !== depth) continue;
        if (isBefore(path, first.slice(0, depth))) continue;
        if (isBefore(last.slice(0, depth), path)) continue;
        if (this.#children(key) > 0) continue;
        this.entries.delete(key);
        removed += 1;
      }
    }
    return removed;
  }

  #children(key: string): number {
    let children = 0;
    for (const other of this.entries.keys()) {
      if (other.startsWith(`${key}/`)) children += 1;
    }
    return children;
  }
}

/** Whether a path comes before another one of the same length. */
function isBefore(a: readonly number[], b: readonly number[]): boolean {
  for (const [i, index] of a.entries()) {
    if (index !== b[i]) return index < b[i]!;
  }
  return false;
}

/**
 * What the tests read in the project's Markdown: blocks of code, links, anchors.
 *
 * @module
 */

import { filesUnder, ROOT } from "../files.ts";

/** A fenced block. */
export interface Block {
  /** What stands behind the fence, `ts ignore` for one. */
  readonly info: string;
  /** What is in it, with the line end of its last line. */
  readonly text: string;
  /** Line of its fence, from 1. */
  readonly line: number;
  /** Whether it begins on the line after the block before it. */
  readonly follows: boolean;
}

/**
 * The Markdown that people read: at the root, and in `docs` and `vectors`.
 *
 * @returns paths from the root, sorted
 */
export function markdownFiles(): string[] {
  const root = [...Deno.readDirSync(ROOT)].map(({ name }) => name);
  return [...root, ...filesUnder("docs"), ...filesUnder("vectors")]
    .filter((path) => path.endsWith(".md")).sort();
}

/**
 * Finds all fenced blocks.
 *
 * @param text of a file
 * @returns them, in order
 */
export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let open: { info: string; line: number; follows: boolean } | null = null;
  let body = "";
  let closedAt = -1;
  text.split("\n").forEach((content, i) => {
    if (!content.startsWith("```")) {
      if (open !== null) body += `${content}\n`;
      else if (content.trim() === "" && closedAt === i - 1) closedAt = i;
      return;
    }
    if (open === null) {
      const follows = closedAt >= 0 && closedAt === i - 1;
      open = { info: content.slice(3).trim(), line: i + 1, follows };
      body = "";
    } else {
      blocks.push({ ...open, text: body });
      open = null;
      closedAt = i;
    }
  });
  return blocks;
}

/**
 * Finds the targets of all links outside of blocks.
 *
 * @param text of a file
 * @returns what stands in the parentheses
 */
export function linksOf(text: string): string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, "")
    .replaceAll(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
}

/**
 * The anchors of a file's headings, as code hosts make them.
 *
 * @param text of a file
 * @returns without the number sign
 */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, "");
  for (const [, heading] of prose.matchAll(/^#+ (.*)$/gm)) {
    const anchor = heading!.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .trim().replaceAll(" ", "-");
    anchors.add(anchor);
  }
  return anchors;
}

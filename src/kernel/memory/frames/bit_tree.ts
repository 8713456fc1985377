/**
 * A set of small integers as bits, with summaries: bit `i` of a level says
 * whether word `i` of the level below has any bit set. The lowest member, or
 * the next one after a place, is found in as many steps as there are levels.
 *
 * Plain data, so that it lies in a state tree; the functions are the class.
 *
 * Invariant: a summary bit is set exactly if its word is not zero; bits past
 * the capacity are zero.
 *
 * @module
 */

/** Levels, the members first, up to the one that is a single word. */
export type BitTree = Int32Array[];

/**
 * Makes an empty set.
 *
 * @param bits Members are 0 … `bits` − 1.
 * @returns The levels.
 */
export function bitTree(bits: number): BitTree {
  const levels: BitTree = [];
  let words = bits;
  do {
    words = Math.max(1, Math.ceil(words / 32));
    levels.push(new Int32Array(words));
  } while (words > 1);
  return levels;
}

/** Number of the lowest set bit; `word` is not zero. */
const lowest = (word: number): number => 31 - Math.clz32(word & -word);

/**
 * Whether a number is in the set.
 *
 * @param tree The set.
 * @param bit 0 or more; past the capacity nothing is.
 * @returns Whether it is.
 */
export function treeHas(tree: BitTree, bit: number): boolean {
  const leaf = tree[0]!;
  const word = bit >> 5;
  return word < leaf.length && (leaf[word]! >>> (bit & 31) & 1) !== 0;
}

/**
 * Adds a number.
 *
 * @param tree The set.
 * @param bit Below the capacity.
 */
export function treeAdd(tree: BitTree, bit: number): void {
  for (let level = 0; level < tree.length; level++) {
    const words = tree[level]!;
    const word = bit >> 5;
    const old = words[word]!;
    words[word] = old | 1 << (bit & 31);
    if (old !== 0) return;
    bit = word;
  }
}

/**
 * Removes a number.
 *
 * @param tree The set.
 * @param bit Below the capacity.
 */
export function treeDelete(tree: BitTree, bit: number): void {
  for (let level = 0; level < tree.length; level++) {
    const words = tree[level]!;
    const word = bit >> 5;
    const rest = words[word]! & ~(1 << (bit & 31));
    words[word] = rest;
    if (rest !== 0) return;
    bit = word;
  }
}

/** Bits `from` … `to` − 1 of one word, 0 ≤ from < to ≤ 32. */
const span = (from: number, to: number): number =>
  (to === 32 ? -1 : (1 << to) - 1) & (-1 << from);

/**
 * Adds numbers side by side.
 *
 * @param tree The set.
 * @param from The first one.
 * @param to The one after the last, up to the capacity.
 */
export function treeAddRange(tree: BitTree, from: number, to: number): void {
  const leaf = tree[0]!;
  while (from < to) {
    const word = from >> 5;
    const end = Math.min(to, word * 32 + 32);
    treeAdd(tree, from);
    leaf[word] = leaf[word]! | span(from & 31, end - word * 32);
    from = end;
  }
}

/**
 * Removes numbers side by side.
 *
 * @param tree The set.
 * @param from The first one.
 * @param to The one after the last, up to the capacity.
 */
export function treeDeleteRange(tree: BitTree, from: number, to: number): void {
  const leaf = tree[0]!;
  while (from < to) {
    const word = from >> 5;
    const end = Math.min(to, word * 32 + 32);
    // The last of them goes by the front door, which sees to the summaries.
    leaf[word] = leaf[word]! & ~span(from & 31, end - word * 32) |
      1 << (from & 31);
    treeDelete(tree, from);
    from = end;
  }
}

/**
 * The lowest member.
 *
 * @param tree The set.
 * @returns The member, or −1 where there is none.
 */
export function treeFirst(tree: BitTree): number {
  let at = 0;
  for (let level = tree.length - 1; level >= 0; level--) {
    const word = tree[level]![at]!;
    if (word === 0) return -1;
    at = at * 32 + lowest(word);
  }
  return at;
}

/**
 * The lowest member from a place on.
 *
 * @param tree The set.
 * @param from The place, 0 or more.
 * @returns The member, or −1 where there is none.
 */
export function treeNext(tree: BitTree, from: number): number {
  let at = from;
  for (let level = 0; level < tree.length; level++) {
    const words = tree[level]!;
    const index = at >> 5;
    const word = index < words.length ? words[index]! & (-1 << (at & 31)) : 0;
    if (word !== 0) {
      at = index * 32 + lowest(word);
      for (let down = level - 1; down >= 0; down--) {
        at = at * 32 + lowest(tree[down]![at]!);
      }
      return at;
    }
    at = index + 1;
  }
  return -1;
}

/**
 * The lowest number from a place on that is no member.
 *
 * @param tree The set.
 * @param from The place, 0 or more.
 * @param limit Where to stop.
 * @returns The number, at most `limit`.
 */
export function treeNextAbsent(
  tree: BitTree,
  from: number,
  limit: number,
): number {
  const leaf = tree[0]!;
  let at = from;
  while (at < limit) {
    const word = at >> 5;
    const absent = ~(word < leaf.length ? leaf[word]! : 0) & (-1 << (at & 31));
    if (absent !== 0) return Math.min(limit, word * 32 + lowest(absent));
    at = word * 32 + 32;
  }
  return limit;
}

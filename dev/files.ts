/**
 * The files of the project, for the scripts of this folder.
 *
 * @module
 */

/** The root of the project. */
export const ROOT: URL = new URL("../", import.meta.url);

/**
 * Paths from the root of all files under `folder`, sorted; none where it does
 * not exist. Needs read permission.
 */
export function filesUnder(folder: string): string[] {
  const found: string[] = [];
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(new URL(`${folder}/`, ROOT))];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  for (const { name, isDirectory } of entries) {
    const path = `${folder}/${name}`;
    if (isDirectory) found.push(...filesUnder(path));
    else found.push(path);
  }
  return found.sort();
}

/** The modules that a user can import, as `deno.json` lists them. */
export function entryPoints(): string[] {
  const config = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  const exports: Record<string, string> = config.exports;
  return Object.values(exports).map((path) => path.replace(/^\.\//, ""));
}

/**
 * Debian packages as folders of files: downloaded once into an ignored folder, never installed.
 *
 * @module
 */

import { ROOT } from "../files.ts";

/** The folder that holds everything that is fetched. */
export const FOLDER: string = decodeURIComponent(
  new URL(".linux/", ROOT).pathname,
);

/** What ran, so that a result can be told from that of another version. */
export interface Provenance {
  /** Name of the package. */
  readonly package: string;
  /** Its version. */
  readonly version: string;
  /** The file that was used. */
  readonly file: string;
  /** SHA-256 of that file. */
  readonly sha256: string;
}

/** A package on this disk. */
export interface Package {
  /** Its name. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** The folder into which it was unpacked. */
  readonly folder: string;
}

/** A command cannot be had: the reason, for a person. */
export class Unavailable extends Error {}

/**
 * Runs a command.
 *
 * @param program its name
 * @param args its arguments
 * @param input what it reads
 * @returns what it printed
 * @throws {Unavailable} if there is no such command, or it fails
 */
export async function output(
  program: string,
  args: readonly string[],
  input?: Uint8Array,
): Promise<Uint8Array> {
  await Deno.mkdir(FOLDER, { recursive: true });
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args: [...args],
      cwd: FOLDER,
      stdin: input ? "piped" : "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Unavailable(`there is no ${program} here`);
  }
  const result = child.output();
  if (input) {
    const writer = child.stdin.getWriter();
    await writer.write(input);
    await writer.close();
  }
  const { code, stdout, stderr } = await result;
  if (code === 0) return stdout;
  const [line = ""] = text(stderr).trim().split("\n").slice(-1);
  throw new Unavailable(`${program} ${args.join(" ")} failed: ${line}`);
}

/** Bytes as text. */
export const text = (bytes: Uint8Array): string =>
  new TextDecoder().decode(bytes);

/**
 * Fetches a package and unpacks it.
 *
 * @param name its name
 * @returns where it is
 * @throws {Unavailable} if it cannot be had
 */
export async function fetchPackage(name: string): Promise<Package> {
  let deb = findDeb(name);
  if (deb === null) {
    await output("apt-get", ["-qq", "download", name]);
    deb = findDeb(name);
  }
  if (deb === null) throw new Unavailable(`apt-get left no file of ${name}`);
  const folder = `${FOLDER}${name}`;
  await output("dpkg", ["-x", deb, folder]);
  const version = text(await output("dpkg-deb", ["-f", deb, "Version"])).trim();
  return { name, version, folder };
}

/** The package that a package without content stands for. */
export async function dependencyOf(name: string): Promise<string> {
  const shown = text(
    await output("apt-cache", ["show", "--no-all-versions", name]),
  );
  const depends = /^Depends: (\S+)/m.exec(shown)?.[1];
  if (depends === undefined) {
    throw new Unavailable(`${name} depends on nothing`);
  }
  return depends;
}

function findDeb(name: string): string | null {
  for (const { name: file } of Deno.readDirSync(FOLDER)) {
    if (file.startsWith(`${name}_`) && file.endsWith(".deb")) return file;
  }
  return null;
}

/** SHA-256 in hex digits. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest(
    "SHA-256",
    bytes as Uint8Array<ArrayBuffer>,
  );
  return [...new Uint8Array(hash)].map((byte) =>
    byte.toString(16).padStart(2, "0")
  ).join("");
}

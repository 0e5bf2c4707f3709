import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Context, Terminal } from "../../cli/context";

/** A terminal that remembers. */
export function fakeTerminal(change: Partial<Terminal> = {}): Terminal & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    json: false,
    interactive: false,
    columns: undefined,
    say: (text) => void lines.push(text),
    pass: (chunk) => void lines.push(chunk.toString()),
    ask: () => Promise.resolve(""),
    ...change,
    lines,
  };
}

/** A project with stack files in a folder of its own, and a `pulumi` that does what a script says. */
export class FakeProject {
  readonly root = mkdtempSync(join(tmpdir(), "holdpoint-cli-"));
  readonly terminal = fakeTerminal();
  readonly context: Context;
  private readonly log = join(this.root, "calls.log");

  constructor(files: Readonly<Record<string, string>> = {}) {
    const path = [join(this.root, "bin"), process.env["PATH"]].join(delimiter);
    this.context = {
      root: this.root,
      env: { ...process.env, PATH: path, PULUMI_BACKEND_URL: `file://${this.root}` },
      terminal: this.terminal,
    };
    for (const [name, text] of Object.entries({ "Pulumi.yaml": "name: holdpoint\nruntime: nodejs\n", ...files }))
      this.write(name, text);
  }

  write(name: string, text: string): void {
    const file = join(this.root, name);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, text);
  }

  read(name: string): string {
    return readFileSync(join(this.root, name), "utf8");
  }

  /**
   * The engine: JavaScript that sees `args`, `call` (how many runs of the same verb came before) and `say(text)`, and
   * may set `process.exitCode`.
   */
  pulumi(script: string): void {
    this.write(
      "bin/pulumi",
      `#!${process.execPath}
const fs = require("node:fs");
const args = process.argv.slice(2).filter((arg) => !["--non-interactive", "--color", "never"].includes(arg));
const log = ${JSON.stringify(this.log)};
const before = fs.existsSync(log) ? fs.readFileSync(log, "utf8").split("\\n") : [];
const call = before.filter((line) => line.split(" ")[0] === args[0]).length;
fs.appendFileSync(log, args.join(" ") + "\\n");
const say = (text) => console.log(text);
${script}
`,
    );
    chmodSync(join(this.root, "bin", "pulumi"), 0o755);
  }

  /** Every run of the engine, its arguments in one line. */
  calls(): string[] {
    try {
      return readFileSync(this.log, "utf8").trim().split("\n");
    } catch {
      return [];
    }
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

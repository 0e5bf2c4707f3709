import type { ExitCode } from "../rollout/errors";

/** What every command is given: where it runs, and where it may write. */
export interface Context {
  /** The project's root, absolute: the folder of Pulumi.yaml. */
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly terminal: Terminal;
}

/** Where lines go. With --json standard output carries one document and nothing else, so everything said goes to stderr. */
export interface Terminal {
  readonly json: boolean;
  /** Whether a person can be asked something. */
  readonly interactive: boolean;
  /** Width in columns; undefined where nobody looks at it. */
  readonly columns: number | undefined;
  /** One or more whole lines for a person. */
  say(text: string): void;
  /** Text as it comes, of a process that is being run. */
  pass(chunk: string | Buffer): void;
  /** Asks and returns what was typed, without surrounding space. Only where `interactive`. */
  ask(question: string): Promise<string>;
}

/** What a command ends with. */
export interface Outcome {
  readonly exitCode: ExitCode;
  /** The command's own part of the JSON document. Plain data. */
  readonly result: object;
}

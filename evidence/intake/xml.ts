/** XML of tools' reports: read without entities, without values made of texts, every element as a list. */
import { XMLParser, XMLValidator } from "fast-xml-parser";
import type { ReportFile } from "./report";
import { isRecord, refuse } from "./report";

/** An element: attributes as "@name", children by name as lists. */
export type Element = Readonly<Record<string, unknown>>;

/** Name of the first element; comments, instructions and a DOCTYPE may come before it. Empty where there is none. */
export function rootName(text: string): string {
  const ends: Readonly<Record<string, string>> = { "<!--": "-->", "<?": "?>", "<!": ">" };
  let rest = text.trimStart();
  for (;;) {
    const begin = Object.keys(ends).find((mark) => rest.startsWith(mark));
    if (begin === undefined) return /^<([A-Za-z][\w.:-]*)[\s/>]/.exec(rest)?.[1] ?? "";
    const mark = ends[begin] ?? ">";
    // The declarations inside of a DOCTYPE end with brackets of their own.
    const subset = begin === "<!" ? /^<![^>[]*\[[^\]]*\]\s*/.exec(rest) : null;
    const end = rest.indexOf(mark, subset?.[0].length ?? begin.length);
    if (end === -1) return "";
    rest = rest.slice(end + mark.length).trimStart();
  }
}

/**
 * Refuses what a report may not have: a DOCTYPE, but for one that only names a public definition, which nothing fetches.
 * @throws HoldpointError `intake-not-allowed`
 */
export function withoutDoctype(file: ReportFile, known?: RegExp): string {
  const text = known === undefined ? file.text : file.text.replace(known, "");
  if (!/<!(?:DOCTYPE|ENTITY)/i.test(text)) return text;
  throw refuse("intake-not-allowed", `${file.name} has a DOCTYPE; a report needs none and it can hide anything`);
}

/** @throws HoldpointError `intake-truncated` for what is not well-formed */
export function parseXml(file: ReportFile, text = file.text): Element {
  const valid = XMLValidator.validate(text);
  if (valid !== true) {
    throw refuse("intake-truncated", `${file.name}: not well-formed XML at line ${valid.err.line}, probably cut off`);
  }
  try {
    const parser = new XMLParser({
      ignoreAttributes: false,
      attributeNamePrefix: "@",
      parseAttributeValue: false,
      parseTagValue: false,
      processEntities: false,
      isArray: (_name, _path, _leaf, isAttribute) => !isAttribute,
    });
    const root: unknown = parser.parse(text);
    if (isRecord(root)) return root;
  } catch {
    // The parser recurses over nested elements and has limits of its own.
  }
  throw refuse("intake-truncated", `${file.name}: XML that cannot be read`);
}

/** The children of a name. */
export function children(element: Element, name: string): Element[] {
  const found = element[name];
  // An element without attributes and children is parsed as the text "".
  return Array.isArray(found) ? found.map((child: unknown) => (isRecord(child) ? child : {})) : [];
}

/** The text of the only child of a name; undefined where there is none, or several. */
export function textOf(element: Element, name: string): string | undefined {
  const found = element[name];
  if (!Array.isArray(found) || found.length !== 1) return undefined;
  const [child] = found as unknown[];
  // Beside attributes the parser puts the text under a name of its own.
  const text = isRecord(child) ? child["#text"] : child;
  return typeof text === "string" ? unescape(text) : undefined;
}

/** An attribute with its entities put in; undefined where there is none. */
export function attribute(element: Element, name: string): string | undefined {
  const value = element[`@${name}`];
  return typeof value === "string" ? unescape(value) : undefined;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** The five entities of XML itself and character references; nothing else can be defined without a DOCTYPE. */
function unescape(text: string): string {
  return text.replace(/&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));/g, (whole, name, decimal, hex) => {
    if (typeof name === "string") return ENTITIES[name] ?? whole;
    const code = typeof decimal === "string" ? Number(decimal) : Number.parseInt(String(hex), 16);
    const lone = code >= 0xd800 && code <= 0xdfff;
    return code > 0x10ffff || lone ? whole : String.fromCodePoint(code);
  });
}

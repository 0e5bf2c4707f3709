import { expect, test } from "vitest";
import { inLines, inOneLine } from "../../rollout/printable";

test("a part of a line makes no lines of its own, and moves no cursor", () => {
  expect(inOneLine("smoke\nGO enter production\u001b[2K\r\u202eok")).toBe("smoke�GO enter production�[2K��ok");
  expect(inOneLine("p95 – 28 ms, Ünïcode ✓")).toBe("p95 – 28 ms, Ünïcode ✓");
});

test("lines keep their ends, tabs and colours, and nothing else that a terminal acts on", () => {
  expect(inLines("a\n\tb \u001b[32mGO\u001b[39m")).toBe("a\n\tb \u001b[32mGO\u001b[39m");
  expect(inLines("\u001b[2K\u001b]0;title\u0007 \u202e\u009b1m \r")).toBe("�[2K�]0;title� ��1m �");
});

import { describe, expect, it } from "vitest";
import { formatOf } from "../../evidence/intake";
import type { ReportFile } from "../../evidence/intake/report";
import { cut, edited, fixture, intake, STATED_TIME, text } from "./intake-support";
import { COMMIT, IMAGE, refusal } from "./world";

const AT = { finishedAt: STATED_TIME };
async function says(work: () => unknown, message: string | RegExp): Promise<void> {
  const found = await refusal(work);
  if (typeof message === "string") expect(found).toBe(message);
  else expect(found).toMatch(message);
}

describe("a list of components", () => {
  it.each([
    ["cyclonedx-npm.json", "CycloneDX", 2],
    ["npm-cyclonedx.json", "CycloneDX", 2],
    ["cyclonedx-npm.xml", "CycloneDX", 2],
    ["cyclonedx-py.xml", "CycloneDX", 1],
    ["npm-spdx.json", "SPDX", 3],
    ["pitloom-spdx3.json", "SPDX", 3],
  ])("%s is read", (name, format, components) => {
    expect(intake([fixture(`sbom/${name}`)])).toMatchObject({
      kind: "sbom",
      facts: { format, components },
      statedBy: false,
    });
  });
  it("of cyclonedx-py is read", () => {
    expect((intake([fixture("sbom/cyclonedx-py.json")]).facts as { components: number }).components).toBeGreaterThan(
      20,
    );
  });
  it("counts what is inside of a component", () => {
    const file = edited(
      "sbom/npm-cyclonedx.json",
      '"components": [',
      '"components": [{"type":"library","name":"a","components":[{"type":"library","name":"b"}]},',
    );
    expect(intake([file]).facts).toMatchObject({ components: 4 });
  });
  it("is refused when it is empty, cut off, or of no known shape", async () => {
    await says(
      () => intake([text('{"bomFormat":"CycloneDX","specVersion":"1.6","components":[]}')], AT),
      "intake-empty: report: a list without one component",
    );
    await says(() => intake([text('{"bomFormat":"CycloneDX","specVersion":"1.6"}')], AT), /^intake-missing-field: /);
    await says(
      () =>
        intake([text('{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"a"}]}')]),
      /^intake-missing-field: .*carries no time/,
    );
    await says(
      () =>
        intake([
          edited(
            "sbom/npm-spdx.json",
            /"packages": \[[\s\S]*\],\n {2}"relationships"/,
            '"packages": [],\n"relationships"',
          ),
        ]),
      "intake-empty: npm-spdx.json: a list without one package",
    );
    await says(
      () => intake([edited("sbom/npm-spdx.json", "SPDX-2.3", "SPDX-3.0")]),
      /^intake-missing-field: npm-spdx\.json: SPDX without a usable "spdxVersion"/,
    );
    await says(() => intake([cut("sbom/npm-spdx.json", 900)]), /^intake-truncated: /);
  });

  it("as XML has what is inside of a component, and the names of the text as they are", () => {
    const file = edited(
      "sbom/cyclonedx-npm.xml",
      "<purl>pkg:npm/ms@2.1.3</purl>",
      '<purl>pkg:npm/ms@2.1.3</purl><components><component type="library"><name>a &amp; b</name></component></components>',
    );
    const { predicate } = formatOf([file]).read([file], { stage: "staging" });
    const components = predicate["components"] as { name: string; version?: string; purl?: string }[];
    expect(components.map(({ name }) => name)).toEqual(["debug", "ms", "a & b"]);
    expect(components[0]).toEqual({ type: "library", name: "debug", version: "4.4.1", purl: "pkg:npm/debug@4.4.1" });
    expect(predicate).toMatchObject({ specVersion: "1.6" });
  });
  it.each<[string, () => ReportFile, RegExp]>([
    [
      "of another namespace",
      () => edited("sbom/cyclonedx-npm.xml", "cyclonedx.org/schema/bom/1.6", "example.org/bom"),
      /^intake-missing-field: cyclonedx-npm\.xml: "bom" without the namespace of a CycloneDX version$/,
    ],
    [
      "without a component",
      () =>
        edited(
          "sbom/cyclonedx-py.xml",
          /<components>\s*<component type="library" bom[\s\S]*<\/component>/,
          "<components>",
        ),
      /^intake-empty: cyclonedx-py\.xml: a list without one component$/,
    ],
    [
      "with a component that has two names",
      () => edited("sbom/cyclonedx-npm.xml", "<name>ms</name>", "<name>ms</name><name>fine</name>"),
      /^intake-missing-field: cyclonedx-npm\.xml: CycloneDX without a usable "components\.1\.name"/,
    ],
    [
      "with a DOCTYPE",
      () => edited("sbom/cyclonedx-npm.xml", "<bom ", '<!DOCTYPE bom [<!ENTITY a "b">]><bom '),
      /^intake-not-allowed: cyclonedx-npm\.xml has a DOCTYPE/,
    ],
    [
      "with a time that has no zone",
      () => edited("sbom/cyclonedx-py.xml", "+00:00</timestamp>", "</timestamp>"),
      /^intake-missing-field: cyclonedx-py\.xml: "metadata\.timestamp" is no time with a zone$/,
    ],
    ["that was cut off", () => cut("sbom/cyclonedx-npm.xml", 2000), /^intake-truncated: /],
  ])("as XML %s is refused", (_name, file, message) => says(() => intake([file()]), message));

  it("as SPDX 3 is as old as its document says, not as another creation in the graph", async () => {
    const taken = intake([fixture("sbom/pitloom-spdx3.json")]);
    const other = { type: "CreationInfo", "@id": "_:other", created: "2020-01-01T00:00:00Z", specVersion: "3.0.1" };
    const more = edited("sbom/pitloom-spdx3.json", '"@graph":[', `"@graph":[${JSON.stringify(other)},`);
    expect(intake([more]).finishedAt).toBe(taken.finishedAt);
    const inline = edited(
      "sbom/pitloom-spdx3.json",
      /"creationInfo":"_:CreationInfo0"(?=,"profileConformance")/,
      () => {
        return `"creationInfo":${JSON.stringify(other)}`;
      },
    );
    expect(intake([inline]).finishedAt).toBe("2020-01-01T00:00:00.000Z");
  });
  it.each<[string, string | RegExp, string, RegExp]>([
    ["of a version to come", "rdf/3.0.1/", "rdf/4.0.1/", /^intake-unknown-format: /],
    ["without its document", '"type":"SpdxDocument"', '"type":"Other"', /wanted one$/],
    ["whose creation is not there", '"@id":"_:CreationInfo0"', '"@id":"_:x"', /^intake-missing-field: /],
    ["without a package", /"software_Package"/g, '"software_File"', /^intake-empty: /],
    ["with a package that has no name", '"name":"click"', '"nom":"click"', /^intake-missing-field: .*"name"/],
    ["made at no time", /"created":"[^"]*"/, '"created":"today"', /^intake-missing-field: .*"created" is no time/],
  ])("as SPDX 3 %s is refused", (_name, from, to, message) =>
    says(() => intake([edited("sbom/pitloom-spdx3.json", from, to)]), message),
  );
});

describe("a survey", () => {
  const RULE = "How satisfied are you? (1-5) >= 4";
  const BETA = { ...AT, survey: "beta", satisfied: RULE };
  it("counts answers and those who are satisfied; a row without an answer is none", () => {
    expect(intake([fixture("surveys/beta.csv")], BETA)).toMatchObject({
      kind: "survey",
      facts: { survey: "beta", answers: 4, satisfied: 3 },
      summary: `beta: 3 of 4 answers satisfied (${RULE})`,
    });
  });
  it("knows words, semicolons, and a byte order mark", () => {
    const file = text("\ufeffname;happy\na;Yes\nb;no\nc;very\n");
    expect(intake([file], { ...BETA, satisfied: "happy = yes | very" }).facts).toMatchObject({
      answers: 3,
      satisfied: 2,
    });
  });
  it.each([
    ["without the rule", { satisfied: undefined }, "intake-missing-field: no report says who is satisfied"],
    [
      "without its name",
      { survey: undefined },
      "intake-missing-field: no report says which survey of the plan this is",
    ],
    ["by a rule of no shape", { satisfied: "rating > 4" }, /^usage: --satisfied: found "rating > 4"/],
    [
      "by a column that is not there",
      { satisfied: "rating >= 4" },
      /^intake-missing-field: beta\.csv: no column "rating"; there are Timestamp/,
    ],
    [
      "by a number in a column of words",
      { satisfied: "Comment >= 4" },
      'intake-inconsistent: beta.csv: an answer in "Comment" is no number',
    ],
    ["without a time", { finishedAt: undefined }, /^intake-missing-field: beta\.csv does not say when it was made/],
  ])("%s is refused", async (_name, change, message) => {
    const stated = Object.fromEntries(
      Object.entries({ ...BETA, ...change }).filter(([, value]) => value !== undefined),
    );
    await says(() => intake([fixture("surveys/beta.csv")], stated), message);
  });
  it("that nobody answered, or that was cut in a row, is refused", async () => {
    await says(
      () => intake([text("a,rating\nx,\ny,\n")], { ...BETA, satisfied: "rating >= 4" }),
      'intake-empty: report: not one answer in the column "rating"',
    );
    await says(() => intake([cut("surveys/beta.csv", 130)], BETA), /^intake-unknown-format: /);
    await says(() => intake([text("a,a\n1,5\n")], { ...BETA, satisfied: "a >= 4" }), /^intake-unknown-format: /);
  });
});

describe("reviews of a pull request", () => {
  const files = () => [fixture("reviews/github-pull.json"), fixture("reviews/github-reviews.json")];
  const CODE = { review: "code", subject: { commit: COMMIT } };
  const withReviews = (from: string | RegExp, to: string) =>
    [files()[0], edited("reviews/github-reviews.json", from, to)].filter((file) => file !== undefined);
  it("are each person's last word on the last commit, never the author's", () => {
    expect(intake(files(), CODE)).toMatchObject({
      kind: "review",
      facts: { review: "code", outcome: "approved", reviewers: ["lena", "Sam"] },
      finishedAt: "2026-11-20T12:30:00.000Z",
      statedBy: false,
    });
    expect(intake(withReviews(/"login": "Sam"/g, '"login": "ADA"'), CODE).facts).toMatchObject({ reviewers: ["lena"] });
  });
  it("of an older commit do not count", () => {
    const old = withReviews(
      /("id": 4,.*"commit_id": ")2{40}/,
      `$1${"1".repeat(40)}`.replace(
        "$1",
        '"id": 4, "user": { "login": "Sam" }, "state": "APPROVED", "submitted_at": "2026-11-20T12:30:00Z", "commit_id": "',
      ),
    );
    expect(intake(old, CODE).facts).toMatchObject({ reviewers: ["lena"] });
  });
  it("that ask for changes stand, whoever else approved", () => {
    const asked = withReviews(
      /"id": 4, "user": \{ "login": "Sam" \}, "state": "APPROVED"/,
      '"id": 4, "user": { "login": "Sam" }, "state": "CHANGES_REQUESTED"',
    );
    expect(intake(asked, CODE).facts).toMatchObject({ outcome: "changes-requested", reviewers: ["lena"] });
  });
  it("are refused without the pull request, for another commit, by nobody, or as one page of several", async () => {
    await says(() => intake(files().slice(1), CODE), /^usage: reviews: wanted the pull request and/);
    await says(
      () => intake(files(), { ...CODE, subject: { commit: "f".repeat(40) } }),
      /^intake-inconsistent: github-pull\.json: pull request 42 is of commit 0123/,
    );
    const silent = withReviews(/"(?:APPROVED|CHANGES_REQUESTED)"/g, '"COMMENTED"');
    await says(
      () => intake(silent, CODE),
      "intake-empty: github-reviews.json: no person but the author approved the last commit of pull request 42",
    );
    const one = {
      id: 1,
      user: { login: "sam" },
      state: "APPROVED",
      submitted_at: "2026-11-20T12:30:00Z",
      commit_id: "2".repeat(40),
    };
    const page = text(JSON.stringify(Array.from({ length: 30 }, () => one)));
    await says(
      () => intake([fixture("reviews/github-pull.json"), page], CODE),
      /^intake-truncated: report: 30 reviews, which is one whole page/,
    );
    await says(
      () => intake([fixture("reviews/github-pull.json"), text("[]")], CODE, "review"),
      /^(?:intake-empty|intake-unknown-format): /,
    );
    await says(
      () => intake(files(), { subject: { commit: COMMIT } }),
      "intake-missing-field: no report says which review of the plan this is",
    );
  });
});

describe("Opsgenie's timeline", () => {
  it("is read by the names of its rotations", () => {
    expect(intake([fixture("opsgenie/timeline.json")], AT)).toMatchObject({
      kind: "on-call",
      facts: {
        shifts: [
          { level: "primary", person: "sam@omnihub.dev" },
          { level: "primary", person: "lena@omnihub.dev" },
          { level: "secondary", person: "quo@omnihub.dev" },
        ],
      },
    });
  });
  it.each([
    [
      "whose rotation says no level",
      '"name": "Secondary"',
      '"name": "Weekend"',
      'intake-missing-field: timeline.json: the rotation "Weekend" does not say which level it is',
    ],
    ["whose rotation says both", '"name": "Secondary"', '"name": "primary and secondary"', /does not say which level/],
    [
      "that is switched off",
      '"enabled": true',
      '"enabled": false',
      'intake-empty: timeline.json: the schedule "sre_schedule" is not enabled',
    ],
    [
      "with a team on call",
      '"id": "u3", "type": "user"',
      '"id": "u3", "type": "team"',
      "intake-missing-field: timeline.json: a team is on call, not a person",
    ],
    [
      "without a zone",
      "2026-11-23T09:00:00Z",
      "2026-11-23T09:00:00",
      'intake-missing-field: timeline.json: "endDate" is no time with a zone',
    ],
  ])("%s is refused", async (_name, from, to, message) =>
    says(() => intake([edited("opsgenie/timeline.json", from, to)], AT), message),
  );
});

describe("checksums", () => {
  const key = (name: string) => fixture(`artifacts/${name}`).text;
  const sums = () => fixture("artifacts/SHA256SUMS");
  it.each(["SHA256SUMS", "SHA256SUMS.bsd"])("in %s are read", (name) => {
    expect(intake([fixture(`artifacts/${name}`)], AT)).toMatchObject({
      kind: "artifacts",
      facts: {
        artifacts: [
          { name: "omni-2.4.0.deb", sha256: expect.stringMatching(/^91f61de9/) as string },
          { name: "omni-2.4.0.tar.gz" },
        ],
      },
      summary: "2 artifacts, not signed",
    });
  });
  it.each([
    ["OpenSSH", "SHA256SUMS.sig", "ssh.pub", /^SHA256:/],
    ["minisign", "SHA256SUMS.minisig", "mini.pub", /^4BFDADDF4C2F964B$/],
    ["openssl, Ed25519", "SHA256SUMS.ed25519", "ed.pub", /^[0-9a-f]{64}$/],
    ["openssl, ECDSA", "SHA256SUMS.ecdsa", "ec.pub", /^[0-9a-f]{64}$/],
    ["cosign's bundle", "SHA256SUMS.sigstore.json", "cosign.pub", /^[0-9a-f]{64}$/],
  ])("with a signature by %s are signed, each of them", (_tool, signature, publicKey, by) => {
    const { facts } = intake([sums(), fixture(`artifacts/${signature}`)], { ...AT, publicKey: key(publicKey) });
    const { artifacts } = facts as { artifacts: { signedBy?: string }[] };
    expect(artifacts.map((one) => one.signedBy)).toEqual([expect.stringMatching(by), expect.stringMatching(by)]);
  });
  it.each([
    ["SHA256SUMS.sig", "ssh.pub"],
    ["SHA256SUMS.minisig", "mini.pub"],
    ["SHA256SUMS.ed25519", "ed.pub"],
    ["SHA256SUMS.ecdsa", "ec.pub"],
    ["SHA256SUMS.sigstore.json", "cosign.pub"],
  ])("that were changed after %s was made are refused", async (signature, publicKey) => {
    const changed = edited("artifacts/SHA256SUMS", "91f61de9", "91f61de8");
    await says(
      () => intake([changed, fixture(`artifacts/${signature}`)], { ...AT, publicKey: key(publicKey) }),
      `intake-inconsistent: ${signature} is no signature of SHA256SUMS by this key`,
    );
  });
  it("signed by another key, or by none that is named, are refused", async () => {
    const signed = [sums(), fixture("artifacts/SHA256SUMS.sig")];
    const other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJwAGQZEEp3zT0hvPzEyzMTBo1F0WYd0OQ5OQFb1Tz6V";
    await says(() => intake(signed, { ...AT, publicKey: other }), /^(?:intake-inconsistent|key-unusable): /);
    await says(
      () => intake(signed, AT),
      "intake-missing-field: no report says with which key the signature must verify",
    );
    await says(
      () => intake(signed, { ...AT, publicKey: key("ed.pub") }),
      /^key-unusable: the public key is more than one line/,
    );
    await says(
      () => intake([sums()], { ...AT, publicKey: key("ed.pub") }),
      "usage: a public key, but no signature to verify with it",
    );
    await says(
      () => intake([sums(), fixture("artifacts/SHA256SUMS.minisig")], { ...AT, publicKey: key("ssh.pub") }),
      /^key-unusable: /,
    );
  });
  it("with a bundle about another digest, of another key or of nothing are refused", async () => {
    const path = "artifacts/SHA256SUMS.sigstore.json";
    const digest = edited(path, "KX1qgxeA", "KX1qgxeB");
    await says(() => intake([sums(), digest], { ...AT, publicKey: key("cosign.pub") }), /^intake-inconsistent: /);
    const signed = [sums(), fixture(path)];
    await says(
      () => intake(signed, { ...AT, publicKey: key("ec.pub") }),
      "intake-inconsistent: SHA256SUMS.sigstore.json is no signature of SHA256SUMS by this key",
    );
    const cutOff = edited(path, /"signature":"[^"]*"/, '"nothing":""');
    await says(() => intake([sums(), cutOff], { ...AT, publicKey: key("cosign.pub") }), /^intake-missing-field: /);
    const other = edited(path, "SHA2_256", "SHA2_512");
    await says(() => intake([sums(), other], { ...AT, publicKey: key("cosign.pub") }), /^intake-missing-field: /);
  });
  it("with a trusted comment that was changed are refused", async () => {
    const forged = edited("artifacts/SHA256SUMS.minisig", "filename:SHA256SUMS", "filename:SHA256SUMT");
    await says(() => intake([sums(), forged], { ...AT, publicKey: key("mini.pub") }), /^intake-inconsistent: /);
  });
  it.each([
    [
      "with a line cut",
      (all: string) => all.slice(0, 120),
      /^intake-truncated: report: line 2 is no SHA-256 sum and name$/,
    ],
    ["with a name twice", (all: string) => all + all, "intake-inconsistent: report: omni-2.4.0.deb is there twice"],
    [
      "with an empty file",
      (all: string) => `${all}e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  notes\n`,
      "intake-empty: report: notes is an empty file",
    ],
  ])("%s are refused", async (_name, change, message) => says(() => intake([text(change(sums().text))], AT), message));
});

describe("provenance", () => {
  const statement = (change: object = {}, metadata: object = {}, digest = IMAGE) => ({
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: "image", digest: { sha256: digest } }],
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: {
        buildType: "https://actions.github.io/buildtypes/workflow/v1",
        externalParameters: {
          workflow: { ref: "refs/heads/main", repository: "https://github.com/omnihub/api", path: "ci.yml" },
        },
      },
      runDetails: {
        builder: { id: "https://builder.example/v1" },
        metadata: { invocationId: "run/1", finishedOn: "2026-11-21T10:00:00Z", ...metadata },
      },
    },
    ...change,
  });
  const file = (value: object) => text(JSON.stringify(value));
  const envelope = (value: object) => ({
    payloadType: "application/vnd.in-toto+json",
    payload: Buffer.from(JSON.stringify(value)).toString("base64"),
    signatures: [],
  });
  const SUBJECT = { subject: { sha256: IMAGE } };

  it.each([
    ["bare", statement()],
    ["in an envelope", envelope(statement())],
    [
      "in a Sigstore bundle",
      { mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json", dsseEnvelope: envelope(statement()) },
    ],
  ])("%s is read", (_name, value) => {
    expect(intake([file(value)], SUBJECT)).toMatchObject({
      kind: "provenance",
      facts: { builder: "https://builder.example/v1", repository: "https://github.com/omnihub/api", branch: "main" },
      finishedAt: "2026-11-21T10:00:00.000Z",
    });
  });
  it("without an end has the one that the attester states", async () => {
    const open = file(statement({}, { finishedOn: undefined }));
    expect(intake([open], { ...SUBJECT, ...AT })).toMatchObject({
      finishedAt: "2026-11-21T11:00:00.000Z",
      statedBy: true,
    });
    await says(() => intake([open], SUBJECT), /^intake-missing-field: /);
  });
  it("of two builds with one digest is reproduced", () => {
    const again = file(statement({}, { invocationId: "run/2" }));
    expect(intake([file(statement()), again], SUBJECT).facts).toMatchObject({ reproduced: true });
  });
  it("of one build twice, or of two digests, is refused", async () => {
    await says(
      () => intake([file(statement()), file(statement())], SUBJECT),
      /^intake-inconsistent: report: not another build/,
    );
    const other = statement(
      { subject: [{ digest: { sha256: IMAGE } }, { digest: { sha256: "b".repeat(64) } }] },
      { invocationId: "run/2" },
    );
    await says(
      () => intake([file(statement()), file(other)], SUBJECT),
      "intake-inconsistent: report: the second build gave another digest",
    );
  });
  it("of another image is refused, and so is one for no image", async () => {
    await says(
      () => intake([file(statement())], { subject: { sha256: "c".repeat(64) } }),
      /^intake-inconsistent: report is about aaaaaaaaaaaa, not about cccccccccccc$/,
    );
    await says(
      () => intake([file(statement())], { subject: { commit: COMMIT } }),
      /^intake-inconsistent: report is about aaaaaaaaaaaa, not about an image$/,
    );
  });
  it("of a tag, or of a bare name that could be one, is not of the branch", () => {
    for (const ref of ["refs/tags/main", "main"]) {
      const value = statement();
      value.predicate.buildDefinition.externalParameters.workflow.ref = ref;
      expect(intake([file(value)], SUBJECT).facts).not.toMatchObject({ branch: "main" });
    }
  });
});

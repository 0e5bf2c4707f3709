/** What is rolled out: the same three names in configuration, evidence, approvals and decisions. */
export interface Release {
  /** As people call it, "2.4.0". Never compared. */
  readonly version: string;
  /** Image reference with its digest, "registry.example/omnihub@sha256:…". */
  readonly image: string;
  /** Full git commit (40 hex) that the image was built from. */
  readonly commit: string;
  /** Who wrote the change, as an identity of the trust file: never its own approver. */
  readonly author: string;
  /** One of the plan's `releaseTypes`, where it has some: "hotfix". */
  readonly type?: string | undefined;
}

/** The image's sha256 (64 hex), which evidence may name as its subject instead of the commit. */
export function imageDigest(release: Pick<Release, "image">): string {
  const digest = /@sha256:([0-9a-f]{64})$/.exec(release.image)?.[1];
  if (digest === undefined) throw new Error(`release image without a digest: ${release.image}`);
  return digest;
}

/** Whether two releases are the same thing; the version's text and the author do not count. */
export function sameRelease(a: Release, b: Release): boolean {
  return a.image === b.image && a.commit === b.commit;
}

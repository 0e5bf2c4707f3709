/** Canonical JSON, by the name under which evidence knows it. */
export { canonical, digest } from "../rollout/canonical";

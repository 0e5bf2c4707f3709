import { declareStage } from "../components/declare";
import { readProject } from "../components/project";

/** Production's resources, declared by a program that asks nobody. Only the benchmark runs it, in its own sandbox. */
export default async () => {
  const { settings, plan } = readProject();
  if (settings.kind !== "stage") throw new Error("the benchmark previews a stage");
  return declareStage(settings, plan);
};

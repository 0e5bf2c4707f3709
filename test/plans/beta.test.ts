import { BETA } from "./beta.cases";
import { testDocument } from "./document-tests";

testDocument({ name: "beta", cases: BETA });

import { testDocument } from "./document-tests";
import { OMNI } from "./omni.cases";

testDocument({ name: "omni", cases: OMNI });

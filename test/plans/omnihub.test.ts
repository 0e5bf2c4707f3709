import { testDocument } from "./document-tests";
import { OMNIHUB } from "./omnihub.cases";

testDocument({ name: "omnihub", cases: OMNIHUB });

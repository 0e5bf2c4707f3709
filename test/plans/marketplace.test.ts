import { testDocument } from "./document-tests";
import { MARKETPLACE } from "./marketplace.cases";

testDocument({ name: "marketplace", cases: MARKETPLACE });

import { SARVANOM } from "./sarvanom.cases";
import { testDocument } from "./document-tests";

testDocument({ name: "sarvanom", cases: SARVANOM });

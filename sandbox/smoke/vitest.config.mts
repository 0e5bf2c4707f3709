/** The smoke tests stand alone: without this file vitest would find the project's own configuration above. */
export default {};

/** What one order may cost between its claim and its fill in the books. A test holds it; the benchmark shows it. */
export const CALLS_MAX = 8;
export const WRITE_UNITS_MAX = 53;

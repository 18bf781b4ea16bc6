// What signing in takes and answers.
export {};

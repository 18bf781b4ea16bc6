// What a generated schema is in types, and what comes of a call by its arguments.
export {};

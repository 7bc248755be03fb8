// So that the compiler lets functions have no body.

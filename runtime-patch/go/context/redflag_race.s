//go:build race

// The compiler takes functions without a body, such as rfContextValue, only in a package that has assembly.

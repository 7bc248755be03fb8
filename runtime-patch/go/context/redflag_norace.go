//go:build !race

package context

func rfContextValue(v any) {}

//go:build race && !amd64

package runtime

func rfTicks() int64 { return cputicks() }

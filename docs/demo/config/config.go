// Package config swaps its settings while others read them: an interface value is two words.
package config

type Source interface{ Name() string }

type File struct{ Path string }

func (f File) Name() string { return f.Path }

type Env struct{ Prefix string }

func (e *Env) Name() string { return e.Prefix }

type Config struct{ source Source }

func (c *Config) Swap(s Source) { c.source = s }

func (c *Config) Current() Source { return c.source }

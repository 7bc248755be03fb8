//go:build !race

// Without -race the hooks do nothing.

package testing

func (c *common) rfBegin()                       {}
func (c *common) rfRaces(global int64) int64     { return global }
func (c *common) rfEnd()                         {}
func rfExample(name string) func()               { return func() {} }
func rfLeftover(prefix string, failed bool) bool { return failed }

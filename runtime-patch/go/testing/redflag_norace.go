//go:build !race

// Without -race the hooks do nothing.

package testing

import (
	"sync"
	"sync/atomic"
)

type (
	rfMap   = sync.Map
	rfInt64 = atomic.Int64
)

func rfHide()                                    {}
func rfShow()                                    {}
func (c *common) rfReported()                    {}
func (c *common) rfBegin()                       {}
func (c *common) rfRaces(global int64) int64     { return global }
func (c *common) rfEnd()                         {}
func rfExample(name string) func()               { return func() {} }
func rfLeftover(prefix string, failed bool) bool { return failed }

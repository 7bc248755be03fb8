// Package price is correct.
package price

import "sync/atomic"

type Counter struct{ quotes atomic.Int64 }

func (c *Counter) Quote(cents int64) int64 {
	c.quotes.Add(1)
	return cents
}

package config

import "testing"

func TestSwap(t *testing.T) {
	c := &Config{source: File{"a.yml"}}
	done := make(chan struct{})
	go func() {
		c.Swap(&Env{"SHOP_"})
		close(done)
	}()
	_ = c.Current()
	<-done
}

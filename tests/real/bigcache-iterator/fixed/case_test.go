// An iterator walks the cache while another goroutine sets entries.
package realworld

import (
	"strconv"
	"testing"
	"time"

	"github.com/allegro/bigcache"
)

func TestExportWhileFilling(t *testing.T) {
	config := bigcache.DefaultConfig(time.Hour)
	config.Shards = 2
	config.Verbose = false
	cache, err := bigcache.NewBigCache(config)
	if err != nil {
		t.Fatal(err)
	}
	filled := make(chan error, 1)
	go func() {
		for i := range 2000 {
			if err := cache.Set(strconv.Itoa(i), []byte("value")); err != nil {
				filled <- err
				return
			}
		}
		filled <- nil
	}()
	for range 400 {
		for entries := cache.Iterator(); entries.SetNext(); {
			_, _ = entries.Value()
		}
	}
	if err := <-filled; err != nil {
		t.Fatal(err)
	}
}

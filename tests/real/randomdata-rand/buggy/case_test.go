// Every generator draws from one rand.Rand of the package: two goroutines make test data at once.
package realworld

import (
	"sync"
	"testing"

	randomdata "github.com/Pallinder/go-randomdata"
)

func TestProfilesInParallel(t *testing.T) {
	names := make([]string, 4)
	var wg sync.WaitGroup
	for worker := range names {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 200 {
				names[worker] = randomdata.FullName(randomdata.RandomGender)
			}
		}()
	}
	wg.Wait()
	for _, name := range names {
		if name == "" {
			t.Error("a profile without a name")
		}
	}
}

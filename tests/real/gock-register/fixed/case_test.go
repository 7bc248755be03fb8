// Two parallel tests each register their mock: the list is written under one lock and read under another.
package realworld

import (
	"fmt"
	"sync"
	"testing"

	"github.com/h2non/gock"
)

func TestMocksInParallel(t *testing.T) {
	defer gock.Off()
	var wg sync.WaitGroup
	for shop := range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for cart := range 20 {
				gock.New(fmt.Sprintf("http://shop%d.test", shop)).Get(fmt.Sprintf("/carts/%d", cart)).Reply(200)
			}
		}()
	}
	wg.Wait()
	if mocks := len(gock.GetAll()); mocks != 40 {
		t.Errorf("%d mocks of 40 are registered", mocks)
	}
}

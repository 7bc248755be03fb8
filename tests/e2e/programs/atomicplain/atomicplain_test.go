// An atomic write against a plain read.
package atomicplain

import (
	"sync/atomic"
	"testing"
)

var flag int32

func raise() { atomic.StoreInt32(&flag, 1) }

func look() int32 { return flag }

func TestFlag(t *testing.T) {
	done := make(chan struct{})
	go func() {
		raise()
		close(done)
	}()
	look()
	<-done
}

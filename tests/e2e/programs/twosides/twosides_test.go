// Two parallel subtests race with each other: both are named, and both fail.
package twosides

import (
	"testing"
	"time"
)

var shared int

func touch() { shared++ }

func TestTwo(t *testing.T) {
	ready := make(chan struct{})
	for _, name := range []string{"left", "right"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "left" {
				go func() {
					time.Sleep(time.Millisecond)
					touch()
				}()
				<-ready
				return
			}
			touch()
			time.Sleep(50 * time.Millisecond)
			close(ready)
		})
	}
}

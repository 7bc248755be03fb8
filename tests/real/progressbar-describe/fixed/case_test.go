// Describe changes the text while a download goroutine adds to the bar.
package realworld

import (
	"io"
	"testing"

	"github.com/schollz/progressbar/v3"
)

func TestDescribeWhileDownloading(t *testing.T) {
	const chunks = 300
	bar := progressbar.NewOptions(chunks, progressbar.OptionSetWriter(io.Discard))
	done := make(chan error, 1)
	go func() {
		for range chunks {
			if err := bar.Add(1); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for _, name := range []string{"index", "images", "scripts", "fonts"} {
		bar.Describe(name)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

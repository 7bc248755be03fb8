// Two documents are read at once: each adds the default names to the package's own dictionary of properties.
package realworld

import (
	"bytes"
	"encoding/binary"
	"sync"
	"testing"

	"github.com/richardlehane/msoleps"
)

// summaryInformation is a property set stream that holds one empty set of the summary information kind.
func summaryInformation() []byte {
	stream := make([]byte, 64)
	binary.LittleEndian.PutUint16(stream, 0xFFFE)
	binary.LittleEndian.PutUint32(stream[24:], 1)
	copy(stream[28:], []byte{0xE0, 0x85, 0x9F, 0xF2, 0xF9, 0x4F, 0x68, 0x10, 0xAB, 0x91, 0x08, 0x00, 0x2B, 0x27, 0xB3, 0xD9})
	binary.LittleEndian.PutUint32(stream[44:], 48)
	binary.LittleEndian.PutUint32(stream[48:], 8)
	return stream
}

func TestTwoDocumentsAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 50 {
				if _, err := msoleps.NewFrom(bytes.NewReader(summaryInformation())); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	wg.Wait()
}

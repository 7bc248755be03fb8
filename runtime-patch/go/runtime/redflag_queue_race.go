//go:build race

// How much waits in the buffers of channels, for the samples of what grows (redflag_growth_race.go): channels are remembered
// when they are made, by addresses that don't keep them alive, and forgotten when the collector no longer finds them.

package runtime

import (
	"internal/goarch"
	"internal/runtime/atomic"
	"unsafe"
)

const (
	rfQueueRows     = 1 << 10 // channels, a power of two; further ones aren't counted
	rfQueueProbes   = 8       // places of a channel
	rfQueueSlotsMin = 16      // of a buffer; smaller ones can't hold much
	rfQueuePlaces   = 64      // lines that made channels whose buffers hold something, of a sample; further ones are only counted
	rfQueueTop      = 4
)

type rfQueueRow struct {
	address atomic.Uintptr // 0: free
	pc      uintptr        // behind the call of make
}

var rfQueues struct {
	lock  mutex
	count int
	rows  [rfQueueRows]rfQueueRow

	places [rfQueuePlaces]rfOrigin // whoever has rfGrowth.busy
}

// rfQueueMade remembers a channel whose maker's frame is at fp.
func rfQueueMade(c *hchan, fp unsafe.Pointer) {
	if rfSettings.growth == 0 || c.dataqsiz < rfQueueSlotsMin {
		return
	}
	address := uintptr(unsafe.Pointer(c))
	lock(&rfQueues.lock)
	for i := range uintptr(rfQueueProbes) {
		row := &rfQueues.rows[(address>>4^address>>14+i)%rfQueueRows]
		if row.address.Load() == 0 {
			row.pc = *(*uintptr)(add(fp, goarch.PtrSize))
			row.address.Store(address)
			rfQueues.count++
			break
		}
	}
	unlock(&rfQueues.lock)
}

// rfQueuesMarked is called by rfMarkDone, before any channel's memory can be another's.
func rfQueuesMarked() {
	if rfQueues.count == 0 {
		return
	}
	for i := range rfQueues.rows {
		row := &rfQueues.rows[i]
		if address := row.address.Load(); address != 0 && !rfFound(address) {
			row.address.Store(0)
			rfQueues.count--
		}
	}
}

// rfCountQueues counts elements while they come and go. A channel may be forgotten, and its memory be used anew, while it is
// looked at: then its row says so afterwards. The heap's memory stays readable.
//
//go:nowritebarrierrec
func rfCountQueues(s *rfSample, places bool) {
	for i := range rfQueues.places {
		rfQueues.places[i].pc = 0
	}
	for i := range rfQueues.rows {
		row := &rfQueues.rows[i]
		address := row.address.Load()
		if address == 0 {
			continue
		}
		c := (*hchan)(unsafe.Pointer(address))
		pc, queued, slots := row.pc, c.qcount, c.dataqsiz
		if row.address.Load() != address || queued > slots || queued == 0 {
			continue
		}
		s.queued += uint64(queued)
		if places {
			rfCountOriginIn(rfQueues.places[:], pc, rfReasonUnknown, uintptr(queued))
		}
	}
}

// Package session refreshes tokens in the background, and has no way to stop that.
package session

import "time"

type Store struct{ refreshed int }

func (s *Store) refresh() { s.refreshed++ }

// KeepFresh starts two workers that nobody stops.
func (s *Store) KeepFresh(every time.Duration) {
	for i := 0; i < 2; i++ {
		go func() {
			for {
				time.Sleep(every)
				s.refresh()
			}
		}()
	}
}

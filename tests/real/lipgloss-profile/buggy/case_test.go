// SetColorProfile, "thread-safe" by its documentation, while another goroutine asks for the profile.
package realworld

import (
	"sync"
	"testing"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

func TestProfileIsChangedWhileRendering(t *testing.T) {
	var wg sync.WaitGroup
	wg.Add(2)
	go func() {
		defer wg.Done()
		for range 50 {
			lipgloss.SetColorProfile(termenv.ANSI256)
		}
	}()
	go func() {
		defer wg.Done()
		for range 50 {
			if lipgloss.NewStyle().Foreground(lipgloss.Color("63")).Render("ok") == "" {
				t.Error("nothing was rendered")
			}
		}
	}()
	wg.Wait()
}

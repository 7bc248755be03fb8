// A handler without a lock, with frames of net/http around it.
package httpserver

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

type handler struct{ requests int }

func (h *handler) count(w http.ResponseWriter, r *http.Request) { h.requests++ }

func TestHandler(t *testing.T) {
	var h handler
	mux := http.NewServeMux()
	mux.HandleFunc("/", h.count)
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		}()
	}
	wg.Wait()
}

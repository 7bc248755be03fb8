// The first requests of a client that was made without its HTTP client: each goroutine fills it in.
package realworld

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/hashicorp/go-retryablehttp"
)

func TestFirstRequestsAtOnce(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	client := &retryablehttp.Client{CheckRetry: retryablehttp.DefaultRetryPolicy, Backoff: retryablehttp.DefaultBackoff}
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			response, err := client.Get(server.URL)
			if err != nil {
				t.Error(err)
				return
			}
			response.Body.Close()
		}()
	}
	wg.Wait()
}

// A handler hands c.Copy() to a goroutine, as the documentation asks; the copy shares its parameters with the
// pooled context, which the next request fills again.
package realworld

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"
)

func TestAuditInTheBackground(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	var audits sync.WaitGroup
	router.GET("/users/:name", func(c *gin.Context) {
		copied := c.Copy()
		audits.Add(1)
		go func() {
			defer audits.Done()
			if copied.Param("name") == "" {
				t.Error("the audit saw no name")
			}
		}()
		c.Status(http.StatusNoContent)
	})
	for range 50 {
		request := httptest.NewRequest("GET", "/users/ada", nil)
		router.ServeHTTP(httptest.NewRecorder(), request)
	}
	audits.Wait()
}

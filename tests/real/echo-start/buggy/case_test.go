// A test starts the server on a free port and waits for its address while Start still sets it up.
package realworld

import (
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
)

func TestAskForThePort(t *testing.T) {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	stopped := make(chan error, 1)
	go func() { stopped <- e.Start("127.0.0.1:0") }()
	var address net.Addr
	for deadline := time.Now().Add(30 * time.Second); address == nil; {
		if e.Listener != nil {
			address = e.Listener.Addr()
		}
		if time.Now().After(deadline) {
			t.Fatal("the server never listened")
		}
		time.Sleep(time.Microsecond)
	}
	response, err := http.Get("http://" + address.String())
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-stopped; err != http.ErrServerClosed {
		t.Fatal(err)
	}
}

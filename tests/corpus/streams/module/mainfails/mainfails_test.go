package mainfails

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	fmt.Println("set-up went wrong")
	os.Exit(1)
}
func TestNever(t *testing.T) {}

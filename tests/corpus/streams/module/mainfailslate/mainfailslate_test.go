package mainfailslate

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	m.Run()
	fmt.Println("tear-down went wrong")
	os.Exit(1)
}
func TestFine(t *testing.T) {}

package flaky

import (
	"os"
	"testing"
)

func TestSecondTime(t *testing.T) {
	if _, err := os.Stat(os.Getenv("FLAKY")); err != nil {
		os.WriteFile(os.Getenv("FLAKY"), nil, 0o644)
		t.Error("not at the first try")
	}
}
func TestSteady(t *testing.T) {}

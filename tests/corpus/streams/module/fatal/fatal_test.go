package fatal

import (
	"log"
	"testing"
)

func TestLogFatal(t *testing.T) { log.Fatal("log.Fatal in a test") }

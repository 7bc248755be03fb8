package usesbroken

import (
	"testing"

	"example.com/peers/libfails"
)

func TestF(t *testing.T) { libfails.F() }

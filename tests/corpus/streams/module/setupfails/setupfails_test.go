package setupfails

import (
	"testing"

	_ "example.com/peers/nowhere"
)

func TestNothing(t *testing.T) {}

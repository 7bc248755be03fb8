package b

import "testing"

func TestSame(t *testing.T) { t.Error("only here") }

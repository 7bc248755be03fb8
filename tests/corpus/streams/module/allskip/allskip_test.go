package allskip

import "testing"

func TestNever(t *testing.T) { t.Skip("never") }

package buildfails

import "testing"

func TestType(t *testing.T) { var s string = 1; undefined(s) }

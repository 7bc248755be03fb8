package covered

import "testing"

func TestHalf(t *testing.T) { Half(12) }

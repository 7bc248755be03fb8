package panicsub

import "testing"

func TestOuter(t *testing.T) {
	t.Run("fine", func(t *testing.T) {})
	t.Run("inner", func(t *testing.T) { panic("inside <sub>") })
}

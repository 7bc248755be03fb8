package payment

import "testing"

func TestCharge(t *testing.T) {
	var g Gateway
	g.Charge(t.Context(), 4)
}

package skipping

import "testing"

func TestSkips(t *testing.T)     { t.Skip("no database here") }
func TestSkipsMute(t *testing.T) { t.SkipNow() }
func TestSkipsLate(t *testing.T) { t.Log("tried first"); t.Skipf("gave up: %s", "<reason>") }
func TestSub(t *testing.T)       { t.Run("left", func(t *testing.T) { t.Skip("this one only") }) }

package attrs

import "testing"

func TestAttr(t *testing.T) { t.Attr("ticket", "ABC-1"); t.Attr("owner", "<me>") }

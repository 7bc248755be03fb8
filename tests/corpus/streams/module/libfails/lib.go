package libfails

func F() int { return "x" }

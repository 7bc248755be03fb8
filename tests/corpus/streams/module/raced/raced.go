package raced

var Shared, Other int

func Add()  { Shared++ }
func Bump() { Other++ }

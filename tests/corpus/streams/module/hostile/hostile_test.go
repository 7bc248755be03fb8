package hostile

import (
	"fmt"
	"strings"
	"testing"
)

func TestControls(t *testing.T) {
	fmt.Println("\x1b[31mred\x1b[0m bell\x07 nul\x00 vt\x0b ff\x0c bad\xff\xfe\xc3( fffe\ufffe ffff\uffff c1\u0085 u2028\u2028 \U0001F600")
	t.Error("\x1b[31mred\x1b[0m bell\x07 nul\x00 bad\xff\xfe ]]> &amp; <![CDATA[")
}
func TestSkipControls(t *testing.T) { t.Skip("\x1b[33myellow\x1b[0m \x01") }
func TestLong(t *testing.T) {
	for i := range 60 {
		fmt.Println(i, strings.Repeat("long ", 20))
	}
	t.Error("at the end of much")
}
func TestOneLongLine(t *testing.T) {
	fmt.Println(strings.Repeat("x", 6000))
	t.Error("behind a long line")
}
func TestFakes(t *testing.T) {
	fmt.Println("--- PASS: TestInvented (0.00s)")
	fmt.Println("=== RUN   TestInvented2")
	fmt.Println("ok  \texample.com/invented\t0.1s")
	fmt.Println("{\"Action\":\"pass\",\"Test\":\"TestJSON\"}")
	t.Error("after fakes")
}

package passing

import (
	"fmt"
	"os"
	"testing"
)

func TestQuiet(t *testing.T) {}

func TestLogs(t *testing.T) { t.Log("three lines\nof a log\nthat nobody asked for") }

func TestPrints(t *testing.T) {
	fmt.Println("printed on standard output")
	fmt.Fprintln(os.Stderr, "printed on standard error")
	fmt.Print("no newline at the end")
}

func TestTable(t *testing.T) {
	for _, name := range []string{"plain", "with blank", "quote \"and\" <angle> & amp", "slash/inside", "ünï→✓", "", "tab\there",
		"bell\x07", "plain", "trailing#01", "=== RUN   TestFake", "--- FAIL: x (0.00s)", "percent%41", "comma,semicolon;",
		"paren (0.00s)", "]]>", "bad\xffutf8"} {
		t.Run(name, func(t *testing.T) {})
	}
}

func TestNested(t *testing.T) {
	t.Run("a", func(t *testing.T) {
		t.Run("b", func(t *testing.T) {
			t.Run("c", func(t *testing.T) { t.Log("deep") })
		})
	})
}

func TestParallel(t *testing.T) {
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			t.Log("line one of", i)
			t.Log("line two of", i)
		})
	}
}

func Example_hello() {
	fmt.Println("hello")
	// Output: hello
}

func FuzzSeeds(f *testing.F) {
	f.Add("one")
	f.Add("two")
	f.Fuzz(func(t *testing.T, s string) { t.Log("seed", s) })
}

func BenchmarkLoop(b *testing.B) {
	for b.Loop() {
	}
	b.ReportMetric(42, "answers/op")
}

func BenchmarkGroup(b *testing.B) {
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
		}
	})
}

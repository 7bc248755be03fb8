package failing

import (
	"fmt"
	"testing"
	"time"
)

func TestPasses(t *testing.T) {}

func TestError(t *testing.T) { t.Error("first reason"); t.Errorf("second reason: %d", 2) }

func TestLogThenFatal(t *testing.T) {
	t.Log("what led to it")
	fmt.Println("what it printed")
	t.Fatal("want <1> & \"2\",\n got ]]> '3'")
}

func TestNoWord(t *testing.T) { t.FailNow() }

func TestOneOfThree(t *testing.T) {
	t.Run("good", func(t *testing.T) {})
	t.Run("bad", func(t *testing.T) {
		t.Run("deeper", func(t *testing.T) { t.Error("deep down") })
	})
	t.Run("left out", func(t *testing.T) { t.Skip("not today") })
	t.Log("said by the parent")
}

func TestParallelFailures(t *testing.T) {
	for i := range 3 {
		t.Run(fmt.Sprint("p", i), func(t *testing.T) {
			t.Parallel()
			time.Sleep(time.Millisecond)
			t.Log("a line of", i)
			if i == 1 {
				t.Error("one of the parallel ones")
			}
		})
	}
}

func TestCleanup(t *testing.T) { t.Cleanup(func() { t.Error("in the clean-up") }) }

func Example_wrong() {
	fmt.Println("what came")
	// Output: what was wanted
}

func FuzzBad(f *testing.F) {
	f.Add(1)
	f.Add(2)
	f.Fuzz(func(t *testing.T, n int) {
		if n == 2 {
			t.Error("not two")
		}
	})
}

func BenchmarkBroken(b *testing.B) { b.Fatal("no benchmark") }

// Benchmarks of what the standard library's own don't show as a program uses it. Each is run with a fixed number of rounds
// (tests/bench/speed.sh).
package set

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"text/template"
)

type order struct {
	Name  string
	Items []item
}

type item struct {
	Title string
	Price int
	Sold  bool
}

func orders() []order {
	var all []order
	for i := range 20 {
		o := order{Name: fmt.Sprintf("order %d", i)}
		for j := range 10 {
			o.Items = append(o.Items, item{fmt.Sprintf("thing %d of %d", j, i), i * j, j%3 == 0})
		}
		all = append(all, o)
	}
	return all
}

// BenchmarkTemplate executes a template of nested ranges, conditions and functions.
func BenchmarkTemplate(b *testing.B) {
	t := template.Must(template.New("orders").Parse(
		`{{range .}}{{.Name | printf "%q"}}:{{range .Items}} {{.Title}} {{if .Sold}}sold{{else}}{{.Price}}{{end}},{{end}}
{{end}}`))
	all := orders()
	for b.Loop() {
		if err := t.Execute(io.Discard, all); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBig makes digits of pi by a spigot: large numbers multiplied, divided and added.
func BenchmarkBig(b *testing.B) {
	for b.Loop() {
		numer, accum, denom, digit := big.NewInt(1), big.NewInt(0), big.NewInt(1), new(big.Int)
		t1, t2 := new(big.Int), new(big.Int)
		for digits, k := 0, int64(1); digits < 200; k++ {
			t1.SetInt64(2*k + 1)
			accum.Add(accum, t2.Lsh(numer, 1)).Mul(accum, t1)
			numer.Mul(numer, t2.SetInt64(k))
			denom.Mul(denom, t1)
			if numer.Cmp(accum) > 0 {
				continue
			}
			digit.Div(t1.Add(t1.Mul(numer, t2.SetInt64(3)), accum), denom)
			t2.Add(t2.Mod(t1, denom), numer)
			if t2.Cmp(denom) >= 0 {
				continue
			}
			accum.Sub(accum, t1.Mul(denom, digit)).Mul(accum, t2.SetInt64(10))
			numer.Mul(numer, t2.SetInt64(10))
			digits++
		}
	}
}

// BenchmarkText counts the words of a text: bufio.Scanner, bytes.Fields, a map, and a bytes.Buffer through a bufio.Writer.
func BenchmarkText(b *testing.B) {
	var text bytes.Buffer
	for i := range 2000 {
		fmt.Fprintf(&text, "line %d of the text, with word%d and some more of them\n", i, i%97)
	}
	for b.Loop() {
		counts := map[string]int{}
		lines := bufio.NewScanner(bytes.NewReader(text.Bytes()))
		for lines.Scan() {
			for _, word := range bytes.Fields(lines.Bytes()) {
				counts[string(bytes.ToUpper(word))]++
			}
		}
		var out bytes.Buffer
		w := bufio.NewWriter(&out)
		for word, n := range counts {
			w.WriteString(word)
			w.WriteByte(byte('0' + n%10))
		}
		w.Flush()
	}
}

// BenchmarkCollections sorts, searches, clones and filters slices and maps of structs.
func BenchmarkCollections(b *testing.B) {
	var all []item
	for i := range 1000 {
		all = append(all, item{fmt.Sprintf("thing %d", i*7919%1000), i, i%2 == 0})
	}
	byTitle := func(a, b item) int { return cmp.Compare(a.Title, b.Title) }
	for b.Loop() {
		sorted := slices.Clone(all)
		slices.SortFunc(sorted, byTitle)
		prices := map[string]int{}
		for _, it := range sorted {
			if at, ok := slices.BinarySearchFunc(sorted, it, byTitle); ok {
				prices[it.Title] = at
			}
		}
		other := maps.Clone(prices)
		maps.DeleteFunc(other, func(title string, _ int) bool { return strings.HasSuffix(title, "7") })
		titles := slices.Sorted(maps.Keys(other))
		slices.Reverse(titles)
		sorted = slices.DeleteFunc(sorted, func(it item) bool { return it.Sold })
	}
}

// BenchmarkHTTP asks a server of this process over the loopback, a connection kept open.
func BenchmarkHTTP(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s", r.URL.Query().Get("name"))
	}))
	defer server.Close()
	for b.Loop() {
		answer, err := http.Get(server.URL + "/?name=gopher")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			b.Fatal(err)
		}
		answer.Body.Close()
	}
}

package pool

import (
	"bufio"
	"bytes"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func newArrays() *sync.Pool {
	return &sync.Pool{New: func() any { b := make([]byte, 0, 64); return &b }}
}

var sinkByte byte

// --- what Bytes gave

func render(p *sync.Pool, text string) *bytes.Buffer {
	b := p.Get().(*bytes.Buffer)
	b.Reset()
	b.WriteString(text)
	return b
}

func TestBugUseAfterPutAlias_Bytes(t *testing.T) {
	p := newBuffers()
	b := render(p, "some text, and more of it")
	data := b.Bytes()
	p.Put(b)
	t.Log(string(data))
}

func TestGood_AliasBytes(t *testing.T) {
	p := newBuffers()
	b := render(p, "some text, and more of it")
	data := bytes.Clone(b.Bytes())
	p.Put(b)
	t.Log(string(data))
}

// --- an array that was grown several times

func TestBugUseAfterPutAlias_Grown(t *testing.T) {
	p := newBuffers()
	b := render(p, strings.Repeat("x", 500))
	for range 3 {
		b.WriteString(strings.Repeat("y", 5000))
	}
	data := b.Bytes()
	p.Put(b)
	data[17]++
}

// Each array but the last was left behind by the buffer.
func TestGood_AliasGrown(t *testing.T) {
	p := newBuffers()
	b := render(p, strings.Repeat("x", 500))
	data := b.Bytes()
	b.WriteString(strings.Repeat("y", 5000))
	p.Put(b)
	data[17]++
}

// --- the slice that was put by its address

func TestBugUseAfterPutAlias_Slice(t *testing.T) {
	p := newArrays()
	b := p.Get().(*[]byte)
	data := append(*b, "0123456789abcdef"...)
	p.Put(b)
	sinkByte = data[3]
}

func TestGood_AliasSlice(t *testing.T) {
	p := newArrays()
	b := p.Get().(*[]byte)
	data := append(*b, "0123456789abcdef"...)
	sinkByte = data[3]
	p.Put(b)
}

// --- in another goroutine, which Put comes before

func TestBugUseAfterPutAlias_OtherGoroutine(t *testing.T) {
	p := newBuffers()
	b := render(p, "for somebody else")
	data := b.Bytes()
	p.Put(b)
	after(func() { data[0] = 'F' })
}

func TestGood_AliasOtherGoroutine(t *testing.T) {
	p := newBuffers()
	b := render(p, "for somebody else")
	data := b.Bytes()
	after(func() { data[0] = 'F' })
	p.Put(b)
}

// --- in a writer that std calls

func TestBugUseAfterPutAlias_Writer(t *testing.T) {
	p := newBuffers()
	b := render(p, "for the writer, later")
	r := bytes.NewReader(b.Bytes())
	p.Put(b)
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Error(err)
	}
	var out bytes.Buffer
	r.Seek(0, io.SeekStart)
	out.ReadFrom(r)
}

func TestGood_AliasWriter(t *testing.T) {
	p := newBuffers()
	b := render(p, "for the writer, later")
	r := bytes.NewReader(b.Bytes())
	var out bytes.Buffer
	out.ReadFrom(r)
	p.Put(b)
}

// --- what Peek gave

func newReaders() *sync.Pool {
	return &sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 64) }}
}

func TestBugUseAfterPutAlias_Peek(t *testing.T) {
	p := newReaders()
	r := p.Get().(*bufio.Reader)
	r.Reset(strings.NewReader("a line of text\n"))
	line, _ := r.ReadSlice('\n')
	p.Put(r)
	sinkByte = line[2]
}

func TestGood_AliasPeek(t *testing.T) {
	p := newReaders()
	r := p.Get().(*bufio.Reader)
	r.Reset(strings.NewReader("a line of text\n"))
	line, _ := r.ReadString('\n')
	p.Put(r)
	sinkByte = line[2]
}

// --- a buffer that is a part of what is put

type encoder struct {
	depth int
	bytes.Buffer
}

func newEncoders() *sync.Pool { return &sync.Pool{New: func() any { return new(encoder) }} }

func TestBugUseAfterPutAlias_Embedded(t *testing.T) {
	p := newEncoders()
	e := p.Get().(*encoder)
	e.WriteString("encoded, as it were")
	data := e.Bytes()
	p.Put(e)
	runtime.GC()
	sinkByte = data[0]
}

func TestGood_AliasEmbedded(t *testing.T) {
	p := newEncoders()
	e := p.Get().(*encoder)
	e.WriteString("encoded, as it were")
	data := e.Bytes()
	e.Buffer = bytes.Buffer{} // the array leaves with data
	p.Put(e)
	runtime.GC()
	sinkByte = data[0]
}

// --- elements that are pointers, and a second time round

func newLists() *sync.Pool {
	return &sync.Pool{New: func() any { l := make([]*item, 0, 8); return &l }}
}

func TestBugUseAfterPutAlias_Pointers(t *testing.T) {
	p := newLists()
	var kept []*item
	for range 50 {
		l := p.Get().(*[]*item)
		*l = append((*l)[:0], new(item))
		kept = *l
		p.Put(l)
	}
	kept[0] = nil
}

func TestGood_AliasPointers(t *testing.T) {
	p := newLists()
	var kept *item
	for range 50 {
		l := p.Get().(*[]*item)
		*l = append((*l)[:0], new(item))
		kept = (*l)[0]
		p.Put(l)
	}
	kept.n = 1 // what an array refers to is not the array's
}

// --- arrays that aren't the object's own

// A pool of headers: the array is the caller's, time and again the same one.
func TestGood_AliasBorrowed(t *testing.T) {
	p := &sync.Pool{New: func() any { return new([]byte) }}
	data := make([]byte, 64)
	for range 50 {
		b := p.Get().(*[]byte)
		*b = data
		p.Put(b)
		data[0]++
	}
}

// A buffer that reads what others own.
func TestGood_AliasNewBuffer(t *testing.T) {
	p := newBuffers()
	data := []byte("this is nobody's but the test's")
	for range 50 {
		b := p.Get().(*bytes.Buffer)
		*b = *bytes.NewBuffer(data)
		b.ReadByte()
		p.Put(b)
		data[0]++
	}
}

// New hands out one and the same array, which is only read.
func TestGood_AliasShared(t *testing.T) {
	shared := bytes.Repeat([]byte("shared "), 4)
	p := &sync.Pool{New: func() any { b := shared; return &b }}
	x, y := p.Get().(*[]byte), p.Get().(*[]byte)
	p.Put(x)
	p.Put(y)
	sinkByte = shared[1]
}

// append left New's array behind, and made one that nobody knows of.
func TestGood_AliasAppended(t *testing.T) {
	p := newArrays()
	b := p.Get().(*[]byte)
	first := *b
	*b = append(*b, make([]byte, 1000)...)
	p.Put(b)
	sinkByte = first[:1][0]
}

// What Get handed out may be used, whoever used the array before.
func TestGood_AliasAgain(t *testing.T) {
	p := newBuffers()
	for range 200 {
		b := render(p, "again and again, whatever comes")
		data := b.Bytes()
		data[0]++
		after(func() { data[1]++ })
		p.Put(b)
	}
}

// Dead buffers and their arrays: what is allocated there next has nothing to do with them.
func TestGood_AliasReused(t *testing.T) {
	p := newBuffers()
	for range 20 {
		for range 100 {
			b := render(p, "0123456789 0123456789 0123456789")
			p.Put(b)
		}
		p = newBuffers()
		runtime.GC()
		runtime.GC()
		for range 100 {
			data := make([]byte, 64)
			b := bytes.NewBuffer(data)
			p.Put(b)
			data[0]++
		}
		p = newBuffers()
	}
}

// The late user is told of the object; its array is the same mistake.
func TestBugUseAfterPut_AndArray(t *testing.T) {
	p := newBuffers()
	b := render(p, "text of the object")
	p.Put(b)
	t.Log(b.String())
}

// A finalizer of the object gets the array as well.
func TestGood_AliasFinalizer(t *testing.T) {
	p := newBuffers()
	done := make(chan byte, 1)
	func() {
		b := render(p, "text for the finalizer")
		runtime.SetFinalizer(b, func(b *bytes.Buffer) { done <- b.Bytes()[0] })
		p.Put(b)
	}()
	p = nil
	for range 5 {
		runtime.GC()
	}
	<-done
}

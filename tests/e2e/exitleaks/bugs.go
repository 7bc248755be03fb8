package main

import (
	"context"
	"io"
	"os"
	"runtime"
	"sync"
	"time"
)

func bugSend() {
	results := make(chan int)
	for range 5 {
		go func() { results <- work() }()
	}
	<-results
}

func bugReceive() {
	jobs := make(chan int)
	startWorker(jobs)
	jobs <- 1
}

func bugSelect() {
	jobs, stop := make(chan int), make(chan bool)
	go func() {
		for {
			select {
			case <-jobs:
			case <-stop:
				return
			}
		}
	}()
	jobs <- 1
}

func bugNilChannel() {
	var never chan int
	go func() { <-never }()
}

func bugContext() {
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-ctx.Done() }()
	_ = cancel
}

func bugPipe() {
	r, w := io.Pipe()
	go io.ReadAll(r)
	w.Write([]byte("and no Close"))
}

func bugMutex() {
	var mu sync.Mutex
	mu.Lock()
	go func() {
		mu.Lock()
		defer mu.Unlock()
		work()
	}()
}

func bugWaitGroup() {
	var wg sync.WaitGroup
	wg.Add(2)
	go wg.Done()
	go func() { wg.Wait() }()
}

func bugCond() {
	c := sync.NewCond(new(sync.Mutex))
	go func() {
		c.L.Lock()
		c.Wait()
		c.L.Unlock()
	}()
}

func bugEachOther() {
	a, b := make(chan int), make(chan int)
	swap := func(in, out chan int) { out <- <-in }
	go swap(a, b)
	go swap(b, a)
}

// The answer comes when nobody waits for it any more.
func bugTimeout() {
	answer, late := make(chan int), make(chan bool)
	go func() {
		<-late
		answer <- work()
	}()
	select {
	case <-answer:
	case <-time.After(time.Millisecond):
	}
	close(late)
}

// Only a goroutine that is lost itself could wake it.
func bugGrandchild() {
	outer := make(chan int)
	go func() {
		inner := make(chan int)
		go func() { <-inner }()
		<-outer
		close(inner)
	}()
}

// What main had is lost with it, when others go on.
func bugGoexit() {
	jobs := make(chan int)
	startWorker(jobs)
	go func() {
		time.Sleep(20 * time.Millisecond)
		os.Exit(0)
	}()
	runtime.Goexit()
}

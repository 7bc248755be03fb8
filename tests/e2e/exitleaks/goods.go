package main

import (
	"context"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"
)

func goodSend() {
	results := make(chan int, 5)
	for range 5 {
		go func() { results <- work() }()
	}
	<-results
}

func goodReceive() {
	jobs := make(chan int)
	startWorker(jobs)
	jobs <- 1
	close(jobs)
}

func goodSelect() {
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
	close(stop)
}

func goodContext() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	go func() { <-ctx.Done() }()
	_ = cancel
}

func goodPipe() {
	r, w := io.Pipe()
	go io.ReadAll(r)
	w.Write([]byte("and then"))
	w.Close()
}

func goodWaitGroup() {
	var wg sync.WaitGroup
	wg.Add(2)
	go wg.Done()
	go wg.Done()
	go func() { wg.Wait() }()
}

// Who writes it wants it so.
func goodNoCases() {
	go func() { select {} }()
}

var forProcess = make(chan int)

func goodPackage() {
	startWorker(forProcess)
	forProcess <- 1
}

func goodSleeper() {
	c := make(chan int)
	go func() {
		time.Sleep(time.Hour)
		close(c)
	}()
	go func() { <-c }()
}

func goodTimer() {
	c := make(chan int)
	time.AfterFunc(time.Hour, func() { close(c) })
	go func() { <-c }()
}

func goodTicker() {
	tick := time.NewTicker(time.Hour)
	go func() {
		for range tick.C {
			work()
		}
	}()
}

func goodSignal() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR2)
	go func() { <-c }()
}

func goodNetwork() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	c := make(chan int)
	go func() {
		l.Accept()
		close(c)
	}()
	go func() { <-c }()
}

func goodSyscall() {
	c := make(chan int)
	go func() {
		syscall.Nanosleep(&syscall.Timespec{Sec: 3600}, nil)
		close(c)
	}()
	go func() { <-c }()
}

type handle struct {
	done    chan int
	padding [8]int
}

func goodFinalizer() {
	h := &handle{done: make(chan int)}
	runtime.SetFinalizer(h, func(h *handle) { close(h.done) })
	done := h.done
	go func() { <-done }()
}

// The function that has the channel goes on, as far as anybody can tell.
func goodNotReturned() {
	jobs := make(chan int)
	startWorker(jobs)
	jobs <- 1
	end()
}

func end() { os.Exit(0) }

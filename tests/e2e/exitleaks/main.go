// A program that does what its first argument names, and ends as the second says: a Bug… leaves a goroutine that is blocked
// for good, a Good… beside it one that something can still wake, or that what hasn't returned yet could.
package main

import (
	"log"
	"os"
	"time"
)

func work() int { return 1 }

var cases = map[string]func(){
	"BugSend": bugSend, "BugReceive": bugReceive, "BugSelect": bugSelect, "BugNilChannel": bugNilChannel,
	"BugContext": bugContext, "BugPipe": bugPipe, "BugMutex": bugMutex, "BugWaitGroup": bugWaitGroup, "BugCond": bugCond,
	"BugEachOther": bugEachOther, "BugTimeout": bugTimeout, "BugGrandchild": bugGrandchild, "BugGoexit": bugGoexit,
	"GoodSend": goodSend, "GoodReceive": goodReceive, "GoodSelect": goodSelect, "GoodContext": goodContext, "GoodPipe": goodPipe,
	"GoodWaitGroup": goodWaitGroup, "GoodNoCases": goodNoCases, "GoodPackage": goodPackage, "GoodSleeper": goodSleeper,
	"GoodTimer": goodTimer, "GoodTicker": goodTicker, "GoodSignal": goodSignal, "GoodNetwork": goodNetwork,
	"GoodSyscall": goodSyscall, "GoodFinalizer": goodFinalizer, "GoodNotReturned": goodNotReturned,
}

func main() {
	switch os.Args[1] {
	case "GoodMain":
		jobs := make(chan int)
		startWorker(jobs)
		jobs <- work()
	case "GoodMainStruct":
		var s struct {
			name string
			jobs chan int
		}
		s.jobs = make(chan int)
		startWorker(s.jobs)
		s.jobs <- work()
	case "GoodMainCaptured":
		var jobs chan int
		start := func() { jobs = make(chan int); startWorker(jobs) }
		start()
		jobs <- work()
	case "GoodExitElsewhere":
		jobs := make(chan int)
		startWorker(jobs)
		go func() {
			time.Sleep(time.Millisecond)
			os.Exit(0)
		}()
		jobs <- work()
		time.Sleep(time.Hour)
	default:
		cases[os.Args[1]]()
	}
	switch how := os.Args[2]; how {
	case "return":
	case "exit":
		os.Exit(0)
	case "elsewhere":
		go os.Exit(0)
		select {}
	case "fail":
		os.Exit(3)
	case "fatal":
		log.Fatal("it failed")
	case "panic":
		panic("it panics")
	case "recovered":
		defer func() {
			recover()
			os.Exit(0)
		}()
		panic("it panics")
	}
}

func startWorker(jobs <-chan int) {
	go func() {
		for range jobs {
			work()
		}
	}()
}

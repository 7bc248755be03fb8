package exit

/*
#include <unistd.h>
void call_back_later(void);
*/
import "C"

const restMs = 100

func restInC() { C.usleep(1000 * restMs) }

var fromC func()

//export calledBack
func calledBack() { fromC() }

// callBackLater has f called by a thread of C that Go doesn't know yet.
func callBackLater(f func()) {
	fromC = f
	C.call_back_later()
}

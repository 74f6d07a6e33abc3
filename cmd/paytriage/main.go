// Command paytriage finds, from exported auth and payment logs, the accounts
// that someone else got into, the charges that are the intruder's, and what is
// owed to whom.
//
// This package is what a person touches: flags, streams, progress and exit
// codes. Each command is a file: options, flags, a run function. The work is in
// parsers, forensics and report, and analyze is three calls to them.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	_ "time/tzdata" // zones for --tz, also where the system has none
)

func main() {
	os.Exit(run())
}

// run is main with an exit code, so that deferred calls happen.
func run() int {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	useProcessors = func(n int) {
		if n < runtime.GOMAXPROCS(0) {
			runtime.GOMAXPROCS(n)
		}
	}
	std := streams{in: os.Stdin, out: os.Stdout, err: os.Stderr,
		outTerminal: isTerminal(os.Stdout), errTerminal: isTerminal(os.Stderr)}
	return execute(ctx, std, os.Args[1:])
}

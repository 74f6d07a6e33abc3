package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/paytriage/paytriage/forensics/event"
	"github.com/paytriage/paytriage/parsers"
)

// A cost is what a process used, with all of its children that it waited for.
type cost struct {
	wall, cpu time.Duration
	peak      int64 // bytes of memory at its highest, 0 where that is not known
}

// command is a command in a folder, which also takes its temporary files.
func command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	return cmd
}

// costOf runs a command to its end.
func costOf(cmd *exec.Cmd) (cost, error) {
	begin := time.Now()
	_, err := cmd.Output() // with what it says on standard error, if it fails
	c := cost{wall: time.Since(begin)}
	if err != nil {
		return c, err
	}
	c.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	c.peak = peak(cmd.ProcessState)
	return c, nil
}

// lastLine returns what a failed process said last.
func lastLine(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		lines := strings.Split(strings.TrimSpace(string(exit.Stderr)), "\n")
		if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
			return last
		}
	}
	return err.Error()
}

// loadAverage returns how busy the machine is, "" where it does not say.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// floorCommand as the first argument makes this program the floor.
const floorCommand = "-floor-of"

// runFloor reads, hashes and splits two files.
func runFloor(ctx context.Context, args []string) error {
	if len(args) != 3 {
		return errors.New("the floor needs an auth log, a payment log and a number of workers")
	}
	workers, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	records, err := parsers.Split(ctx, []parsers.Input{
		{Name: "auth", Path: args[0], Role: event.Auth},
		{Name: "payments", Path: args[1], Role: event.Payments},
	}, parsers.Options{Workers: workers})
	if err != nil {
		return err
	}
	_, err = fmt.Println(records)
	return err
}

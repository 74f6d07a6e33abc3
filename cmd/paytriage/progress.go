package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// A progress shows how far a phase is, on stderr and only when that is a
// terminal or it was asked for. A nil progress shows nothing.
type progress struct {
	mu    sync.Mutex
	std   streams
	mode  string // "bar", "plain", "json"
	bar   *progressbar.ProgressBar
	phase string
	start time.Time
	total int64
	done  int64
	last  time.Time
}

// progressModes are the values of --progress.
var progressModes = []string{"auto", "bar", "plain", "json", "none"}

// plainEvery is how often a log gets a line of progress.
const plainEvery = 5 * time.Second

func newProgress(std streams, mode string, quiet bool) *progress {
	switch {
	case mode == "auto" && (quiet || !std.errTerminal), mode == "none":
		return nil
	case mode == "auto":
		mode = "bar"
	}
	return &progress{std: std, mode: mode}
}

// begin starts a phase of so many steps, of bytes or rows.
func (p *progress) begin(phase string, total int64, bytes bool) {
	if p == nil {
		return
	}
	p.finish()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.phase, p.total, p.done, p.start, p.last = phase, total, 0, time.Now(), time.Now()
	if p.mode != "bar" {
		p.line("begin")
		return
	}
	p.bar = progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(p.std.err),
		progressbar.OptionSetDescription(phase),
		progressbar.OptionShowBytes(bytes),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetWidth(20),
	)
}

// add notes steps. It may be called from several goroutines.
func (p *progress) add(n int64) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += n
	if p.bar != nil {
		p.bar.Add64(n)
	} else if time.Since(p.last) >= plainEvery {
		p.last = time.Now()
		p.line("running")
	}
}

// finish ends the phase.
func (p *progress) finish() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		p.bar.Finish()
		p.bar = nil
	} else if p.phase != "" {
		p.line("end")
	}
	p.phase = ""
}

// line writes one line of progress, for a log or a program.
func (p *progress) line(state string) {
	seconds := time.Since(p.start).Seconds()
	if p.mode == "json" {
		fmt.Fprintf(p.std.err, `{"type":"progress","phase":%q,"state":%q,"done":%d,"total":%d,"seconds":%.1f}`+"\n",
			p.phase, state, p.done, p.total, seconds)
		return
	}
	if state == "begin" {
		return
	}
	rate := float64(p.done) / max(seconds, 1e-3)
	left := ""
	if state == "running" && rate > 0 && p.total > p.done {
		left = fmt.Sprintf(", %s left", time.Duration(float64(p.total-p.done)/rate*float64(time.Second)).Round(time.Second))
	}
	fmt.Fprintf(p.std.err, "%s: %d of %d in %.1f s (%.0f/s%s)\n", p.phase, p.done, p.total, seconds, rate, left)
}

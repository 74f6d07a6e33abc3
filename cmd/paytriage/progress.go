package main

import (
	"encoding/json"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/paytriage/paytriage/report/console"
)

// A progress shows how far a phase is, on stderr and only when that is a
// terminal or it was asked for. A nil progress shows nothing.
type progress struct {
	mu    sync.Mutex
	std   streams
	mode  string // "bar", "plain", "json"
	bar   *progressbar.ProgressBar
	phase string
	next  string // the phase that follows once all steps are done, or ""
	unit  unit
	start time.Time
	total int64
	done  int64
	rows  int64 // parsed, in a phase of bytes
	last  time.Time
	note  string // what an engine says of the phase
}

// A unit is what the steps of a phase are.
type unit string

const (
	inBytes  unit = "bytes"
	inRows   unit = "rows"
	inTables unit = "tables"
	inSteps  unit = "steps"
)

// unknown is the number of steps of a phase whose end nobody knows.
const unknown = -1

// progressModes are the values of --progress.
var progressModes = []string{"auto", "bar", "plain", "json", "none"}

// plainEvery is how often a log gets a line of progress, and jsonEvery a program.
const (
	plainEvery = 5 * time.Second
	jsonEvery  = time.Second
)

// every returns how often a line is written.
func (p *progress) every() time.Duration {
	if p.mode == "json" {
		return jsonEvery
	}
	return plainEvery
}

// progressHelp says what --progress does.
const progressHelp = `

Progress goes to stderr, where that is a terminal or --progress asks for it: bar is
one line for each phase with its rate and the time left, plain a line every five
seconds, for logs, and json an object every second, for programs: phase, state (begin,
running, end), done of total (null if nobody knows) in unit, seconds so far, rate
(of unit, a second) and eta_seconds (null if not known).`

func newProgress(std streams, mode string, quiet bool) *progress {
	switch {
	case mode == "auto" && (quiet || !std.errTerminal), mode == "none":
		return nil
	case mode == "auto" && dumb():
		mode = "plain" // a line cannot be written over
	case mode == "auto":
		mode = "bar"
	}
	return &progress{std: std, mode: mode}
}

// begin starts a phase of so many steps.
func (p *progress) begin(phase string, total int64, u unit) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end()
	p.phase, p.total, p.unit, p.done, p.rows, p.start, p.last, p.note = phase, total, u, 0, 0, time.Now(), time.Now(), ""
	if p.mode != "bar" {
		p.line("begin")
		return
	}
	options := []progressbar.Option{
		progressbar.OptionSetWriter(p.std.err),
		progressbar.OptionSetDescription(console.Clean(phase)),
		progressbar.OptionThrottle(100 * time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetWidth(20),
		progressbar.OptionSpinnerType(14),
	}
	switch u {
	case inBytes:
		options = append(options, progressbar.OptionShowBytes(true), progressbar.OptionShowCount())
	case inRows:
		options = append(options, progressbar.OptionShowIts(), progressbar.OptionSetItsString("rows"))
	}
	p.bar = progressbar.NewOptions64(total, options...)
}

// then makes another phase follow once all steps of this one are done, and
// returns what notes the steps.
func (p *progress) then(next string) func(int64) {
	if p != nil {
		p.mu.Lock()
		p.next = next
		p.mu.Unlock()
	}
	return p.add
}

// add notes steps. It may be called from several goroutines.
func (p *progress) add(n int64) {
	if p == nil {
		return
	}
	p.mu.Lock()
	p.done += n
	if p.bar != nil {
		p.bar.Add64(n)
	} else if time.Since(p.last) >= p.every() {
		p.last = time.Now()
		p.line("running")
	}
	next := ""
	if p.done >= p.total {
		next, p.next = p.next, ""
	}
	p.mu.Unlock()
	if next != "" {
		p.begin(next, unknown, inSteps)
	}
}

// parsed notes rows in a phase that goes by bytes, because nobody knows how many
// rows a file has before it is read. It may be called from several goroutines.
func (p *progress) parsed(rows int64) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.unit != inBytes {
		return // the last block, after the last byte
	}
	if p.rows += rows; p.bar != nil {
		p.bar.Describe(console.Clean(p.phase) + p.rowRate(time.Since(p.start).Seconds()))
	}
}

// tell says what an engine says of the phase.
func (p *progress) tell(note string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note = note
	if p.bar != nil {
		p.bar.Describe(console.Clean(p.phase + ", " + note))
	} else if p.phase != "" && time.Since(p.last) >= p.every() {
		p.last = time.Now()
		p.line("running")
	}
}

// rowRate says how many rows were parsed a second, if any were.
func (p *progress) rowRate(seconds float64) string {
	if p.rows == 0 {
		return ""
	}
	return fmt.Sprintf(", %.0f rows/s", float64(p.rows)/max(seconds, 1e-3))
}

// finish ends the phase.
func (p *progress) finish() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end()
}

// end is finish for who holds the lock.
func (p *progress) end() {
	if p.bar != nil {
		p.bar.Finish()
		p.bar = nil
	} else if p.phase != "" {
		p.line("end")
	}
	p.phase, p.next = "", ""
}

// speed returns how many steps were done a second, and how many seconds are left,
// unless nobody knows: before the first step and where the end is not known.
func (p *progress) speed(seconds float64) (rate float64, left *float64) {
	if seconds <= 0 || p.done <= 0 {
		return 0, nil
	}
	rate = float64(p.done) / seconds
	if p.total < p.done {
		return rate, nil
	}
	eta := float64(p.total-p.done) / rate
	return rate, &eta
}

// line writes one line of progress, for a log or a program.
func (p *progress) line(state string) {
	seconds := time.Since(p.start).Seconds()
	if p.mode == "json" {
		p.jsonLine(state, seconds)
		return
	}
	if state == "begin" {
		return
	}
	text := console.Clean(p.phase) + ":"
	switch {
	case p.total >= 0:
		text += fmt.Sprintf(" %d of %d %s in", p.done, p.total, p.unit)
	case p.done > 0:
		text += fmt.Sprintf(" %d %s in", p.done, p.unit)
	}
	text += fmt.Sprintf(" %.1f s", seconds) + p.rowRate(seconds)
	rate, left := p.speed(seconds)
	switch {
	case p.unit == inRows && rate > 0:
		text += fmt.Sprintf(", %.0f rows/s", rate)
	case p.unit == inBytes && p.rows == 0 && rate > 0:
		text += fmt.Sprintf(", %.1f MB/s", rate/1e6)
	}
	if state == "running" && left != nil {
		text += fmt.Sprintf(", %s left", time.Duration(*left*float64(time.Second)).Round(time.Second))
	}
	if state == "running" && p.note != "" {
		text += ", " + console.Clean(p.note)
	}
	fmt.Fprintln(p.std.err, text)
}

// jsonLine writes a line of progress for a program; a total that nobody knows
// is null.
func (p *progress) jsonLine(state string, seconds float64) {
	line := struct {
		Type    string  `json:"type"`
		Phase   string  `json:"phase"`
		State   string  `json:"state"`
		Done    int64   `json:"done"`
		Total   *int64  `json:"total"`
		Unit    unit    `json:"unit"`
		Rows    int64   `json:"rows,omitempty"`
		Engine  string  `json:"engine,omitempty"`
		Seconds float64 `json:"seconds"`
		Rate    float64 `json:"rate"` // of the unit, a second
		// Left is null before the first step and where nobody knows the end.
		Left *float64 `json:"eta_seconds"`
	}{Type: "progress", Phase: p.phase, State: state, Done: p.done, Unit: p.unit, Rows: p.rows, Engine: p.note, Seconds: math.Round(10*seconds) / 10}
	if p.total >= 0 {
		line.Total = &p.total
	}
	rate, left := p.speed(seconds)
	line.Rate = math.Round(10*rate) / 10
	if left != nil {
		rounded := math.Round(10**left) / 10
		line.Left = &rounded
	}
	json.NewEncoder(p.std.err).Encode(line)
}

package main

import (
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/paytriage/paytriage/forensics/ledger"
	"github.com/paytriage/paytriage/report"
	"github.com/paytriage/paytriage/report/table"
)

// testClock is the variable by which scripts say what the clock shows.
const testClock = "TEST_CLOCK"

func init() {
	benchCommands["draft"] = benchDraft
	if at, err := time.Parse(time.RFC3339, os.Getenv(testClock)); err == nil {
		clock = func() time.Time { return at }
	}
}

// draft DIR MAKER LEDGER [DISMISSED] draws a ledger up from lines as CSV, with
// others that somebody dismissed.
func benchDraft(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: draft DIR MAKER LEDGER [DISMISSED]")
	}
	read := func(name string) []ledger.Line {
		lines, err := report.ReadLedger(strings.NewReader(unescaped(ts, strings.ReplaceAll(ts.ReadFile(name), "\n", `\n`))))
		ts.Check(err)
		return lines
	}
	lines := read(args[2])
	var others []table.Stream
	if len(args) > 3 {
		dismissed := read(args[3])
		others = append(others, report.LeftOutStream(dismissed, slices.Repeat([]string{"dismissed"}, len(dismissed))))
	}
	f, err := report.OpenDraft(ts.MkAbs(args[0]), report.DraftOptions{Formats: []string{"csv"}, Force: true})
	ts.Check(err)
	defer f.Discard()
	ts.Check(f.Write(&report.Draft{Maker: args[1], Case: "case", CaseManifest: strings.Repeat("0", 64)}, lines, others))
}

package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paytriage/paytriage/forensics"
	"github.com/paytriage/paytriage/forensics/insider"
	"github.com/paytriage/paytriage/report/console"
	"github.com/paytriage/paytriage/report/words"
)

func groupOf(k insider.Kind, value, store string) forensics.InsiderGroup {
	return forensics.InsiderGroup{Value: value, Store: store, Cohort: insider.Cohort{Kind: k, Victims: 18, Of: 20, Others: 1040, OthersOf: 2000,
		Lift: 3093, Low: 2549, High: 12345678, Chance: 73, StandOut: true}}
}

func TestInsiderSentences(t *testing.T) {
	var s Summary
	s.insiders(&forensics.Insiders{Asked: true, Entered: 20, Level: 50, List: []forensics.InsiderGroup{
		groupOf(insider.Operator, "P\x1b[31m1", strings.Repeat("long", 2500)),
		groupOf(insider.Shop, "=S1;2", ""), groupOf(insider.Carded, "2019-07-01", ""), groupOf(insider.Instrument, "bank", ""),
		groupOf(insider.Register, "T1", "S"), groupOf(insider.Opened, "2019-07-01", ""), groupOf(insider.Reset, "2019-07-01", ""),
	}})
	const than = "; 3.0 times as many as by chance (2.5 to 12,345.6), which happens in one in 13,698,630 of logs without an insider"
	const accounts = "18 of 20 entered accounts, before they were entered, and 1,040 of 2,000 others" + than
	want := []console.Pair{
		{Key: console.Clean("operator P\x1b[31m1"), Value: "took 18 of 20 passings of stolen money that can be compared in shop " + console.Truncate(strings.Repeat("long", 2500), idWidth) +
			", and 1,040 of 2,000 payments of others near the time" + than},
		{Key: "shop =S1;2", Value: accounts}, {Key: "card registered in the week of 2019-07-01", Value: accounts}, {Key: "paying by bank", Value: accounts},
		{Key: "register T1", Value: "took 18 of 20 passings of stolen money that can be compared in shop S, and 1,040 of 2,000 payments of others near the time" + than},
		{Key: "", Value: "2 more (insider)"},
		{Key: "which means", Value: "a question to ask, no proof: people of one town or one shift share much; that nothing else stands out excludes nobody"},
	}
	got := voiceOf(words.English).insiderPairs(&s)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if text := fmt.Sprint(got); strings.Contains(text, "\x1b") {
		t.Error("an id moves the cursor")
	}
}

// TestInsiderSilence holds the summary to say nothing where nothing stands out.
func TestInsiderSilence(t *testing.T) {
	var s Summary
	quiet := groupOf(insider.Shop, "S1", "")
	quiet.StandOut = false
	for _, in := range []forensics.Insiders{{}, {Asked: true, List: []forensics.InsiderGroup{quiet}}} {
		s.Insider = nil
		s.insiders(&in)
		if pairs := voiceOf(words.English).insiderPairs(&s); pairs != nil || (s.Insider != nil) != in.Asked {
			t.Errorf("%v, %v", pairs, s.Insider)
		}
	}
}
